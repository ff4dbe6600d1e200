/** The VMs of this user: what exists, what runs (in this process or another), and how to reach what runs. */
package org.viridian.app.library;
