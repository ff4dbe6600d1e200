/** View-models: state and actions of the windows, without javafx.scene, so that tests need no toolkit. */
package org.viridian.app.ui.model;
