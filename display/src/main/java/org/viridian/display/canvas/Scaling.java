package org.viridian.display.canvas;

/** How a guest's screen is fitted into the room there is. */
public enum Scaling {
    /** One guest pixel on one device pixel; scrolled off at the edges when the room is too small. */
    NATIVE,
    /** As large as fits, with the aspect ratio kept; smoothed. */
    FIT,
    /** The largest whole multiple that fits, sharp; as {@link #FIT} when not even one fits. */
    INTEGER
}
