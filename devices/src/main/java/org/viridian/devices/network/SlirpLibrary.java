package org.viridian.devices.network;

import com.sun.jna.Callback;
import com.sun.jna.Native;

/** libslirp 4 (libslirp.h), mapped directly: a TCP/IP stack in user space that plays the router for one guest network. */
final class SlirpLibrary {
    /** The file that is looked for and the Debian package it comes from. */
    static final String FILE = "libslirp.so.0";
    static final String PACKAGE = "libslirp0";

    static final int POLL_IN = 1;
    static final int POLL_OUT = 2;
    static final int POLL_PRIORITY = 4;
    static final int POLL_ERROR = 8;
    static final int POLL_HANG_UP = 16;

    private static final String PROBLEM = load();

    private SlirpLibrary() {}

    private static String load() {
        try {
            Native.register(SlirpLibrary.class, FILE);
            return null;
        } catch (UnsatisfiedLinkError missing) {
            return missing.getMessage();
        }
    }

    /** Why the library cannot be used, or null when it can. */
    static String problem() {
        return PROBLEM;
    }

    // libslirp has variables of its own for all instances; they are touched by these two.
    static native long slirp_new(long config, long callbacks, long opaque);

    static native void slirp_cleanup(long slirp);

    static native void slirp_pollfds_fill(long slirp, long timeout, AddPoll addPoll, long opaque);

    static native void slirp_pollfds_poll(long slirp, int failed, GetEvents events, long opaque);

    static native void slirp_input(long slirp, long packet, int length);

    static native void slirp_handle_timer(long slirp, int id, long opaque);

    static native int slirp_add_hostfwd(long slirp, int udp, int hostAddress, int hostPort, int guestAddress, int guestPort);

    static native int slirp_remove_hostfwd(long slirp, int udp, int hostAddress, int hostPort);

    /** {@code SlirpAddPollCb}. */
    interface AddPoll extends Callback {
        int invoke(int descriptor, int events, long opaque);
    }

    /** {@code SlirpGetREventsCb}. */
    interface GetEvents extends Callback {
        int invoke(int index, long opaque);
    }

    /** {@code SlirpWriteCb}. */
    interface SendPacket extends Callback {
        long invoke(long packet, long length, long opaque);
    }

    /** {@code guest_error}. */
    interface GuestError extends Callback {
        void invoke(String message, long opaque);
    }

    /** {@code clock_get_ns}. */
    interface Clock extends Callback {
        long invoke(long opaque);
    }

    /** {@code timer_new_opaque}. */
    interface NewTimer extends Callback {
        long invoke(int id, long timerOpaque, long opaque);
    }

    /** {@code timer_free}. */
    interface FreeTimer extends Callback {
        void invoke(long timer, long opaque);
    }

    /** {@code timer_mod}: ms of {@link Clock}. */
    interface ArmTimer extends Callback {
        void invoke(long timer, long expiryMillis, long opaque);
    }

    /** {@code register_poll_fd} and {@code unregister_poll_fd}. */
    interface Descriptor extends Callback {
        void invoke(int descriptor, long opaque);
    }

    /** {@code notify}. */
    interface Notify extends Callback {
        void invoke(long opaque);
    }

    /** {@code init_completed}. */
    interface Completed extends Callback {
        void invoke(long slirp, long opaque);
    }
}
