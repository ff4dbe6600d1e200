package org.viridian.app.quickcreate;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A Debian kernel package read into memory: the kernel, and of its thousands of modules those that were asked for with
 * everything they depend on. The package carries no {@code modules.dep} (Debian makes it on installation), so the
 * dependencies are read from the modules themselves.
 */
final class KernelPackage {
    private static final String MODULES = "lib/modules/";
    private static final String KERNEL = "boot/vmlinuz-";

    private final String release;
    private final byte[] kernel;
    private final Map<String, Module> modules;

    private KernelPackage(String release, byte[] kernel, Map<String, Module> modules) {
        this.release = release;
        this.kernel = kernel;
        this.modules = modules;
    }

    /**
     * A module.
     *
     * @param name file name without {@code .ko}, dashes as underscores: the kernel's own name for it
     * @param path under {@code /lib/modules/RELEASE/}
     * @param content the file
     * @param info what it says of itself
     */
    record Module(String name, String path, byte[] content, ModuleInfo info) {}

    /** Reads the package; {@code wanted} modules that it has not got are simply absent. */
    static KernelPackage read(Path deb, Collection<String> wanted) throws IOException {
        Pass first = new Pass(new HashSet<>(wanted.stream().map(KernelPackage::canonical).toList()));
        DebFile.walk(deb, first::file);
        if (first.kernel == null) {
            throw new IOException("it holds no " + KERNEL + "*");
        }
        // Most dependencies stand behind their users or were wanted anyway; walk again only while some are missing.
        Map<String, Module> found = first.modules;
        for (Set<String> missing = first.missing(); !missing.isEmpty();) {
            Pass next = new Pass(new HashSet<>(missing));
            next.kernel = first.kernel;
            DebFile.walk(deb, next::file);
            if (!next.modules.keySet().containsAll(missing)) {
                missing.removeAll(next.modules.keySet());
                throw new IOException("its modules depend on " + missing + ", which it has not got");
            }
            found.putAll(next.modules);
            missing = missing(found);
        }
        return new KernelPackage(first.release, first.kernel, found);
    }

    /** Release, such as {@code 6.1.0-56-cloud-amd64}. */
    String release() {
        return release;
    }

    /** The bzImage. */
    byte[] kernel() {
        return kernel;
    }

    /** A module by any spelling of its name. */
    Optional<Module> module(String name) {
        return Optional.ofNullable(modules.get(canonical(name)));
    }

    /** Every module that was read. */
    Collection<Module> modules() {
        return modules.values();
    }

    /** The named modules that exist and all they need, each after what it depends on. */
    List<Module> loadOrder(Collection<String> names) {
        Map<String, Module> order = new LinkedHashMap<>();
        Set<String> visiting = new HashSet<>();
        for (String name : names) {
            module(name).ifPresent(module -> visit(module, order, visiting));
        }
        return List.copyOf(order.values());
    }

    private void visit(Module module, Map<String, Module> order, Set<String> visiting) {
        if (order.containsKey(module.name()) || !visiting.add(module.name())) {
            return;
        }
        for (String dependency : module.info().depends()) {
            visit(modules.get(canonical(dependency)), order, visiting);
        }
        order.put(module.name(), module);
    }

    static String canonical(String name) {
        return name.replace('-', '_');
    }

    private static Set<String> missing(Map<String, Module> modules) {
        Set<String> missing = new HashSet<>();
        for (Module module : modules.values()) {
            for (String dependency : module.info().depends()) {
                if (!modules.containsKey(canonical(dependency))) {
                    missing.add(canonical(dependency));
                }
            }
        }
        return missing;
    }

    /** One walk through the package. */
    private static final class Pass {
        private final Set<String> wanted;
        private final Map<String, Module> modules = new HashMap<>();
        private String release;
        private byte[] kernel;

        Pass(Set<String> wanted) {
            this.wanted = wanted;
        }

        Set<String> missing() {
            return KernelPackage.missing(modules);
        }

        void file(String path, long size, java.io.InputStream content) throws IOException {
            // Debian moved /lib below /usr in 2024; both places are the same once installed.
            String place = path.startsWith("usr/" + MODULES) ? path.substring(4) : path;
            if (place.startsWith(KERNEL) && kernel == null) {
                release = place.substring(KERNEL.length());
                kernel = DebFile.bytes(path, size, content);
            } else if (place.startsWith(MODULES) && place.endsWith(".ko")) {
                String name = canonical(place.substring(place.lastIndexOf('/') + 1, place.length() - 3));
                if (wanted.contains(name)) {
                    module(name, place, DebFile.bytes(path, size, content));
                }
            }
        }

        private void module(String name, String place, byte[] bytes) throws IOException {
            try {
                ModuleInfo info = ModuleInfo.of(bytes);
                String below = place.substring(place.indexOf('/', MODULES.length()) + 1);
                modules.put(name, new Module(name, below, bytes, info));
                // What comes later in this walk can still be caught.
                List<String> more = new ArrayList<>(info.depends());
                more.forEach(dependency -> wanted.add(canonical(dependency)));
            } catch (IllegalArgumentException e) {
                throw new IOException(place + ": " + e.getMessage(), e);
            }
        }
    }
}
