/** What the command core says to people: message keys with arguments, rendered in English or Korean, and failures. */
package org.viridian.app.text;
