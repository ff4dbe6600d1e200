/** 8254 timer and MC146818 clock. */
package org.viridian.devices.emulated.timer;
