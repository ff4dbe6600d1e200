package org.viridian.tests.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collection;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Runs the benchmarks: once, briefly and in this process, so that they cannot rot; or with
 * {@code -Dviridian.benchmarks=full}, as {@code tests/bench/run} does, for figures that count.
 */
class BenchmarksTest {
    private static final boolean FULL = "full".equals(System.getProperty("viridian.benchmarks"));

    @Test
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void everyBenchmarkRuns() throws Exception {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(System.getProperty("viridian.benchmarks.pattern", "org.viridian.*Benchmark"))
                .shouldFailOnError(true);
        if (FULL) {
            options.forks(1).warmupIterations(3).warmupTime(TimeValue.seconds(1)).measurementIterations(5)
                    .measurementTime(TimeValue.seconds(1)).result("target/benchmarks.json").resultFormat(ResultFormatType.JSON);
        } else {
            options.forks(0).warmupIterations(0).measurementIterations(1).measurementTime(TimeValue.milliseconds(50));
        }
        Collection<RunResult> results = new Runner(options.build()).run();
        assertTrue(results.size() >= (FULL ? 1 : 14), results.size() + " benchmarks ran");
        for (RunResult result : results) {
            double score = result.getPrimaryResult().getScore();
            assertTrue(score > 0 && Double.isFinite(score), result.getParams().getBenchmark() + ": " + score);
        }
    }
}
