/** The windows. Views are code in {@code view}; what they show and do is in {@code model}, which knows no scene. */
package org.viridian.app.ui;
