/** Gallery guests, put together from packages of the distribution itself. */
package org.viridian.app.quickcreate;
