/** What this host offers to virtual machines, and which backend follows from it. Facts and keys only; the words are the app's. */
package org.viridian.engine.host;
