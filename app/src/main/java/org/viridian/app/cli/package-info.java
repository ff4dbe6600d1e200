/** The command line: picocli verbs over the command core. */
package org.viridian.app.cli;
