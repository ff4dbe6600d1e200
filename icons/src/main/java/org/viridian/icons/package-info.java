/** The icons of the product, as SVG sources, PNG renderings and path data. */
package org.viridian.icons;
