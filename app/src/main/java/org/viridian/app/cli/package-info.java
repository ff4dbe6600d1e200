/** The command line: picocli verbs over the command core. Texts come from bundles, English and Korean. */
package org.viridian.app.cli;
