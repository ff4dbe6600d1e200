package org.viridian.app.text;

/** Is told how far a longer job has come. Called on the job's thread; must not block. */
@FunctionalInterface
public interface Progress {
    /** Tells nobody. */
    Progress NONE = (step, fraction) -> {};

    /**
     * @param step what is being done now
     * @param fraction 0–1 of the whole job, or negative when that cannot be known
     */
    void at(Text step, double fraction);
}
