package org.viridian.app.ui;

/**
 * Ids of the nodes that tests, scripts and style sheets look up. Per-item ids are a constant with the item's own id
 * behind it: {@code device-} + device id, {@code vm-} + VM name.
 */
public final class Ids {
    /** The list of VMs. */
    public static final String VM_LIST = "vm-list";
    /** Filter above it. */
    public static final String VM_FILTER = "vm-filter";
    /** What is shown while there is no VM. */
    public static final String EMPTY_STATE = "empty-state";
    /** What this host lacks, and what to do about it. */
    public static final String HOST_CARD = "host-card";
    /** Opens Quick Create, in the list's toolbar. */
    public static final String QUICK_CREATE = "quick-create";
    /** Opens the wizard, in the list's toolbar. */
    public static final String NEW_VM = "new-vm";
    /** Deletes the selected VM. */
    public static final String DELETE_VM = "delete-vm";
    /** The bar that tells of failures and crashes. */
    public static final String BANNER = "banner";
    /** Its text. */
    public static final String BANNER_TEXT = "banner-text";

    /** Power and console buttons of the selected VM. */
    public static final String START = "start";
    public static final String SHUT_DOWN = "shut-down";
    public static final String TURN_OFF = "turn-off";
    public static final String PAUSE = "pause";
    public static final String RESET = "reset";
    public static final String CTRL_ALT_DEL = "ctrl-alt-del";
    public static final String SCREENSHOT = "screenshot";
    public static final String SCALING = "scaling";
    /** The state of the selected VM in words. */
    public static final String VM_STATE = "vm-state";

    /** Tabs of the selected VM. */
    public static final String TAB_CONSOLE = "tab-console";
    public static final String TAB_DEVICES = "tab-devices";
    public static final String TAB_SERIAL = "tab-serial";

    /** The guest's screen: click to capture, type into it. */
    public static final String CONSOLE = "console";
    /** Whether input is captured, in words. */
    public static final String CAPTURE_STATE = "capture-state";
    /** What the console shows while there is no picture. */
    public static final String CONSOLE_OFF = "console-off";
    /** Start button in the middle of that page. */
    public static final String CONSOLE_START = "console-start";
    /** Serial text and the line to type into it. */
    public static final String SERIAL_TEXT = "serial-text";
    public static final String SERIAL_INPUT = "serial-input";

    /** The serial port as a terminal; the two views of it; search in its text. */
    public static final String TERMINAL = "terminal";
    public static final String SERIAL_AS_TERMINAL = "serial-as-terminal";
    public static final String SERIAL_AS_TEXT = "serial-as-text";
    public static final String SERIAL_SEARCH = "serial-search";
    /** The console in a window of its own, and the bar of full screen. */
    public static final String CONSOLE_WINDOW = "console-window";
    public static final String CONSOLE_ELSEWHERE = "console-elsewhere";
    public static final String CONSOLE_BACK = "console-back";
    public static final String DETACH = "detach";
    public static final String FULL_SCREEN = "full-screen";
    public static final String FULL_SCREEN_BAR = "full-screen-bar";
    public static final String BAR_PIN = "bar-pin";
    public static final String BAR_SCREENSHOT = "bar-screenshot";
    public static final String BAR_MINIMISE = "bar-minimise";
    public static final String BAR_LEAVE = "bar-leave";
    /** Menu of keys to send, and typing of the clipboard. */
    public static final String SEND_KEYS = "send-keys";
    public static final String TYPING = "typing";
    public static final String TYPING_TEXT = "typing-text";
    public static final String TYPING_SPEED = "typing-speed";
    public static final String TYPING_COUNT = "typing-count";
    public static final String TYPING_START = "typing-start";
    public static final String TYPING_CANCEL = "typing-cancel";
    /** Lights of the devices in the status bar. */
    public static final String ACTIVITY = "activity";

    /** The device tree (a TreeTableView whose values have the device's id as {@code id()}). */
    public static final String DEVICE_TREE = "device-tree";
    public static final String DEVICES_BY_TYPE = "devices-by-type";
    public static final String DEVICES_BY_CONNECTION = "devices-by-connection";
    public static final String DEVICES_BY_RESOURCE = "devices-by-resource";
    public static final String DEVICES_EXPORT = "devices-export";
    /** Tabs of the device that is shown in full, and why it is in its state. */
    public static final String DEVICE_TAB_GENERAL = "device-tab-general";
    public static final String DEVICE_TAB_RESOURCES = "device-tab-resources";
    public static final String DEVICE_TAB_CHANNEL = "device-tab-channel";
    public static final String DEVICE_TAB_COUNTERS = "device-tab-counters";
    public static final String DEVICE_TAB_EVENTS = "device-tab-events";
    public static final String DEVICE_WHY = "device-why";
    public static final String DEVICE_DETAILS = "device-details";
    /** Name, kind and state of the device that is shown in full. */
    public static final String DEVICE_NAME = "device-name";
    public static final String DEVICE_KIND = "device-kind";
    public static final String DEVICE_STATE = "device-state";
    /** Events of all devices, and the picture of the twins over time. */
    public static final String TIMELINE = "timeline";
    public static final String HANDOVER = "handover";

    /** All VMs at once. */
    public static final String LIBRARY = "library";
    public static final String LIBRARY_SEARCH = "library-search";
    public static final String LIBRARY_TABLE = "library-table";
    public static final String LIBRARY_GRID = "library-grid";
    public static final String LIBRARY_VMS = "library-vms";
    public static final String IMPORT_VM = "import-vm";
    /** Prefix of a VM's card in the library. */
    public static final String CARD_PREFIX = "card-";
    /** Long jobs in the background. */
    public static final String JOBS = "jobs";
    /** The field of a question for a name. */
    public static final String NAME_FIELD = "name-field";

    /** Settings of a VM. */
    public static final String SETTINGS = "settings";
    public static final String SETTINGS_TREE = "settings-tree";
    public static final String SETTINGS_PENDING = "settings-pending";
    public static final String SETTINGS_OK = "settings-ok";
    public static final String SETTINGS_APPLY = "settings-apply";
    public static final String SETTINGS_REVERT = "settings-revert";
    public static final String SETTINGS_CANCEL = "settings-cancel";
    public static final String SETTINGS_KERNEL = "settings-kernel";
    public static final String SETTINGS_INITRD = "settings-initrd";
    public static final String SETTINGS_COMMAND_LINE = "settings-command-line";
    public static final String SETTINGS_MEMORY = "settings-memory";
    public static final String SETTINGS_PROCESSORS = "settings-processors";
    public static final String SETTINGS_ENGINE = "settings-engine";
    public static final String SETTINGS_DISKS = "settings-disks";
    public static final String SETTINGS_DISK_ADD = "settings-disk-add";
    public static final String SETTINGS_DISK_REMOVE = "settings-disk-remove";
    public static final String SETTINGS_DISK_READONLY = "settings-disk-readonly";
    public static final String SETTINGS_DVD = "settings-dvd";
    public static final String SETTINGS_NETWORK = "settings-network";
    public static final String SETTINGS_GROUP = "settings-group";
    public static final String SETTINGS_TAGS = "settings-tags";
    public static final String SETTINGS_INTEGRATION = "settings-integration";

    /** The wizard. */
    public static final String WIZARD = "wizard";
    public static final String WIZARD_PAGES = "wizard-pages";
    public static final String WIZARD_BACK = "wizard-back";
    public static final String WIZARD_NEXT = "wizard-next";
    public static final String WIZARD_FINISH = "wizard-finish";
    public static final String WIZARD_CANCEL = "wizard-cancel";
    public static final String WIZARD_NAME = "wizard-name";
    public static final String WIZARD_SOURCE_DEBIAN = "wizard-source-debian";
    public static final String WIZARD_SOURCE_KERNEL = "wizard-source-kernel";
    public static final String WIZARD_SOURCE_ISO = "wizard-source-iso";
    public static final String WIZARD_FLAVOUR = "wizard-flavour";
    public static final String WIZARD_KERNEL = "wizard-kernel";
    public static final String WIZARD_INITRD = "wizard-initrd";
    public static final String WIZARD_COMMAND_LINE = "wizard-command-line";
    public static final String WIZARD_MEMORY = "wizard-memory";
    public static final String WIZARD_PROCESSORS = "wizard-processors";
    public static final String WIZARD_ENGINE = "wizard-engine";
    public static final String WIZARD_DISK_NEW = "wizard-disk-new";
    public static final String WIZARD_DISK_EXISTING = "wizard-disk-existing";
    public static final String WIZARD_DISK_NONE = "wizard-disk-none";
    public static final String WIZARD_DISK_SIZE = "wizard-disk-size";
    public static final String WIZARD_DISK_FILE = "wizard-disk-file";
    public static final String WIZARD_COMMAND = "wizard-command";
    public static final String WIZARD_START = "wizard-start";
    /** The sentence beside a field that is wrong: this and the field's id, such as {@code problem-wizard-name}. */
    public static final String PROBLEM_PREFIX = "problem-";

    /** Quick Create. */
    public static final String QUICK_WINDOW = "quick-window";
    public static final String QUICK_GALLERY = "quick-gallery";
    public static final String QUICK_NAME = "quick-name";
    public static final String QUICK_CREATE_BUTTON = "quick-create-create";
    public static final String QUICK_CANCEL = "quick-create-cancel";
    /** Progress of a creation, in the wizard and in Quick Create. */
    public static final String CREATE_PROGRESS = "create-progress";
    public static final String CREATE_STEP = "create-step";
    /** The sentence that says why a creation failed. */
    public static final String CREATE_FAILURE = "create-failure";

    /** The button of a question that does what was asked for. */
    public static final String CONFIRM = "confirm";
    /** The button of a question that does nothing. */
    public static final String CANCEL = "cancel";

    /** Prefix of a device's cell in the tree. */
    public static final String DEVICE_PREFIX = "device-";
    /** Prefix of a VM's cell in the list. */
    public static final String VM_PREFIX = "vm-";

    private Ids() {}
}
