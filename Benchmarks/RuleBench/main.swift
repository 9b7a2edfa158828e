/// `RuleBench FOLDER`: what the rules of ../shared/rule-bench cost, in one thread.
///
/// FOLDER holds `events.jsonl`, `rules-WORKLOAD-N.json` and `expected.json`. Ends with 1 when a count of matches differs.
import Glibc

guard CommandLine.arguments.count >= 2 else {
    print("usage: RuleBench FOLDER [WORKLOAD...]")
    exit(64)
}
let bench = RuleBench(folder: CommandLine.arguments[1], workloads: Array(CommandLine.arguments.dropFirst(2)))
exit(bench.run() ? 0 : 1)
