/** The nodes: main window, console, device manager, wizard. Built in code; no logic beyond showing a model. */
package org.viridian.app.ui.view;
