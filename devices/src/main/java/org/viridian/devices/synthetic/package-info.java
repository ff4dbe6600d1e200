/** Virtual service providers: devices that speak to the guest's drivers over VMBus channels. */
package org.viridian.devices.synthetic;
