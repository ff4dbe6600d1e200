/** The verbs of the product, one place under the command line and the windows. */
package org.viridian.app.command;
