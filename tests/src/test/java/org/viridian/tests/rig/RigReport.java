package org.viridian.tests.rig;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Writes {@code TEST-<class>.xml} with the elements and attributes of Surefire's report, after every test: what was
 * found out before the machine died is kept.
 */
final class RigReport implements TestExecutionListener {
    private enum Verdict { PASSED, FAILED, SKIPPED }

    private record Result(String name, double seconds, Verdict verdict, String kind, String message, String trace) {}

    private static final String NOT_RUN = "the rig's time was up";

    private final Path folder;
    private final Map<String, List<Result>> classes = new TreeMap<>();
    private final Map<String, Long> started = new ConcurrentHashMap<>();
    private TestPlan plan;

    RigReport(Path folder) {
        this.folder = folder;
    }

    /** Until it has run, each test of the plan is one that did not: so nothing is left out when the time is up. */
    @Override
    public synchronized void testPlanExecutionStarted(TestPlan executed) {
        plan = executed;
        executed.getRoots().forEach(this::expect);
        classes.keySet().forEach(this::write);
    }

    private void expect(TestIdentifier test) {
        if (test.isTest()) {
            classes.computeIfAbsent(owner(test), name -> new ArrayList<>())
                    .add(new Result(test.getDisplayName(), 0, Verdict.SKIPPED, "", NOT_RUN, ""));
        }
        plan.getChildren(test).forEach(this::expect);
    }

    /** The time is up: what has been running for long is a failure, the rest was not reached. */
    synchronized void timeIsUp(double longSeconds) {
        for (Map.Entry<String, Long> begun : started.entrySet()) {
            TestIdentifier test = plan.getTestIdentifier(UniqueId.parse(begun.getKey()));
            double seconds = (System.nanoTime() - begun.getValue()) / 1e9;
            if (test.isTest()) {
                add(test, seconds < longSeconds ? new Result(test.getDisplayName(), seconds, Verdict.SKIPPED, "", NOT_RUN, "")
                        : new Result(test.getDisplayName(), seconds, Verdict.FAILED, "", "still running when the time was up", ""));
            }
        }
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        started.put(test.getUniqueId(), System.nanoTime());
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        Throwable thrown = result.getThrowable().orElse(null);
        Verdict verdict = switch (result.getStatus()) {
            case SUCCESSFUL -> Verdict.PASSED;
            case ABORTED -> Verdict.SKIPPED;
            case FAILED -> Verdict.FAILED;
        };
        // A class counts only when it kept its tests from running.
        if (test.isTest() || verdict != Verdict.PASSED) {
            double seconds = (System.nanoTime() - begun(test)) / 1e9;
            add(test, new Result(test.getDisplayName(), seconds, verdict, thrown == null ? "" : thrown.getClass().getName(),
                    thrown == null ? "" : String.valueOf(thrown.getMessage()), trace(thrown)));
        }
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        add(test, new Result(test.getDisplayName(), 0, Verdict.SKIPPED, "", reason, ""));
    }

    private long begun(TestIdentifier test) {
        Long begun = started.remove(test.getUniqueId());
        return begun == null ? System.nanoTime() : begun;
    }

    private synchronized void add(TestIdentifier test, Result result) {
        String owner = owner(test);
        List<Result> results = classes.computeIfAbsent(owner, name -> new ArrayList<>());
        results.removeIf(earlier -> earlier.message().equals(NOT_RUN) && earlier.name().equals(result.name()));
        results.add(result);
        String first = result.message().lines().findFirst().orElse("");
        System.out.printf("%-7s %6.1f s  %s.%s%s%n", result.verdict().name().toLowerCase(java.util.Locale.ROOT), result.seconds(),
                owner.substring(owner.lastIndexOf('.') + 1), result.name(), first.isEmpty() ? "" : "  " + first);
        if (result.verdict() == Verdict.FAILED) {
            result.trace().lines().limit(60).forEach(System.out::println);
        }
        write(owner);
    }

    private String owner(TestIdentifier test) {
        for (TestIdentifier at = test; at != null; at = plan.getParent(at).orElse(null)) {
            var source = at.getSource().orElse(null);
            if (source instanceof MethodSource method) {
                return method.getClassName();
            }
            if (source instanceof ClassSource type) {
                return type.getClassName();
            }
        }
        return "unknown";
    }

    private static String trace(Throwable thrown) {
        if (thrown == null) {
            return "";
        }
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    long passed() {
        return count(Verdict.PASSED);
    }

    long failed() {
        return count(Verdict.FAILED);
    }

    private synchronized long count(Verdict verdict) {
        return classes.values().stream().flatMap(List::stream).filter(result -> result.verdict() == verdict).count();
    }

    private static long count(List<Result> results, Verdict verdict) {
        return results.stream().filter(result -> result.verdict() == verdict).count();
    }

    private void write(String owner) {
        List<Result> results = classes.get(owner);
        try (Writer file = Files.newBufferedWriter(folder.resolve("TEST-" + owner + ".xml"))) {
            XMLStreamWriter xml = XMLOutputFactory.newInstance().createXMLStreamWriter(file);
            xml.writeStartDocument("UTF-8", "1.0");
            xml.writeCharacters("\n");
            xml.writeStartElement("testsuite");
            xml.writeAttribute("name", owner);
            xml.writeAttribute("time", "%.3f".formatted(results.stream().mapToDouble(Result::seconds).sum()));
            xml.writeAttribute("tests", Integer.toString(results.size()));
            xml.writeAttribute("errors", "0");
            xml.writeAttribute("skipped", Long.toString(count(results, Verdict.SKIPPED)));
            xml.writeAttribute("failures", Long.toString(count(results, Verdict.FAILED)));
            for (Result result : results) {
                xml.writeCharacters("\n");
                xml.writeStartElement("testcase");
                xml.writeAttribute("name", result.name());
                xml.writeAttribute("classname", owner);
                xml.writeAttribute("time", "%.3f".formatted(result.seconds()));
                if (result.verdict() != Verdict.PASSED) {
                    xml.writeStartElement(result.verdict() == Verdict.FAILED ? "failure" : "skipped");
                    xml.writeAttribute("type", result.kind());
                    xml.writeAttribute("message", printable(result.message()));
                    xml.writeCharacters(printable(result.trace()));
                    xml.writeEndElement();
                }
                xml.writeEndElement();
            }
            xml.writeCharacters("\n");
            xml.writeEndElement();
            xml.writeEndDocument();
            xml.close();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (XMLStreamException failure) {
            throw new IllegalStateException(failure);
        }
    }

    /** A guest's serial port may have printed anything; XML 1.0 cannot hold control characters. */
    private static String printable(String text) {
        return text.replaceAll("[^\\t\\n\\r\\x20-\\x{D7FF}\\x{E000}-\\x{FFFD}]", "?");
    }
}
