package org.viridian.app.cli;

import java.util.Locale;
import java.util.Optional;
import org.viridian.app.command.Doctor;
import org.viridian.app.library.ControlProtocol;
import org.viridian.app.machine.MachineConfig;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import org.viridian.engine.host.HostReport;
import org.viridian.engine.host.KvmReport;
import org.viridian.engine.host.KvmStatus;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Says what this host offers, which engine {@code auto} picks and why, and what to do about each lack. Ends with 0 when VMs
 * can run on the engine asked about, else with the code of a host that lacks something.
 */
@Command(name = "doctor")
final class DoctorVerb extends Verb {
    @Option(names = "--engine", paramLabel = "auto|kvm|software", defaultValue = "auto")
    MachineConfig.Engine engine;

    DoctorVerb(Session session) {
        super(session);
    }

    @Override
    int perform() {
        Doctor.Report report = Doctor.examine(library().folders(), System.getenv());
        Optional<Text> obstacle = Doctor.obstacle(report, ControlProtocol.word(engine));
        int exit = obstacle.isPresent() ? Failure.Kind.HOST.exitCode() : 0;
        if (json) {
            output().json(object(report).put("engine", ControlProtocol.word(engine)).put("usable", obstacle.isEmpty())
                    .put("exitCode", exit));
            return exit;
        }
        HostReport host = report.host();
        output().line("%s, %s, %d x %s, %d MiB".formatted(host.system(), "Java " + Runtime.version(), host.processors(),
                host.architecture(), host.memory() >> 20));
        for (Doctor.Check check : report.checks()) {
            output().line("%-10s %s  %s".formatted(check.subject(), check.ok() ? "+" : "-", check.finding()));
            if (check.subject().equals("kvm")) {
                kvmDetails(host.kvm());
            }
            check.remedy().ifPresent(remedy -> output().line("              " + remedy));
        }
        return exit;
    }

    private void kvmDetails(KvmReport kvm) {
        // For the other states the translated sentence already says all that the engine's does.
        boolean unexplained = kvm.status() == KvmStatus.BROKEN || kvm.status() == KvmStatus.TOO_OLD
                || kvm.status() == KvmStatus.DISABLED;
        if (unexplained && !kvm.detail().isEmpty()) {
            output().line("              " + kvm.detail());
        }
        if (kvm.kernelModeSpeed() > 0) {
            output().line("              ring 0 %.1f M/s, ring 3 %.1f M/s, Hyper-V %s, SynIC %s".formatted(
                    kvm.kernelModeSpeed() / 1e6, kvm.userModeSpeed() / 1e6, kvm.hyperV() ? "+" : "-",
                    kvm.hyperVSynic() ? "+" : "-"));
        }
    }

    private static ObjectNode object(Doctor.Report report) {
        HostReport host = report.host();
        ObjectNode node = Output.MAPPER.createObjectNode();
        node.put("system", host.system());
        node.put("architecture", host.architecture());
        node.put("java", Runtime.version().toString());
        node.put("processors", host.processors());
        node.put("memoryBytes", host.memory());
        node.put("automaticEngine", host.automatic());
        KvmReport kvm = host.kvm();
        node.putObject("kvm").put("status", ControlProtocol.word(kvm.status())).put("apiVersion", kvm.apiVersion())
                .put("hyperV", kvm.hyperV()).put("hyperVSynic", kvm.hyperVSynic())
                .put("maximumProcessors", kvm.maximumProcessors())
                .put("kernelModeInstructionsPerSecond", kvm.kernelModeSpeed())
                .put("userModeInstructionsPerSecond", kvm.userModeSpeed())
                .put("kernelModeSlowdown", Math.round(kvm.kernelModeSlowdown() * 100) / 100.0)
                .put("detail", kvm.detail());
        ArrayNode checks = node.putArray("checks");
        for (Doctor.Check check : report.checks()) {
            ObjectNode item = checks.addObject().put("subject", check.subject()).put("ok", check.ok())
                    .put("finding", check.finding().in(Locale.getDefault()));
            check.remedy().ifPresent(remedy -> item.put("remedy", remedy.in(Locale.getDefault())));
        }
        return node;
    }
}
