using CardIssue.Bench;

(string Name, Func<bool, Task<int>> Run)[] benches =
[
    ("relay", RelayBench.RunAsync), ("relay-emv", EmvBench.RunAsync), ("pcsc", PcscBench.RunAsync), ("center-syncs", SyncBench.RunAsync),
    ("center", CenterBench.RunAsync), ("terminal", TerminalBench.RunAsync), ("scp", check => Task.FromResult(ScpBench.Run(check))), ("idle", IdleBench.RunAsync),
    ("log", LogBench.RunAsync), ("wire", WireBench.RunAsync), ("crowd", CrowdBench.RunAsync), ("hosts", HostsBench.RunAsync),
];
var check = args.Contains("--check");
var names = args.Where(a => a != "--check").ToArray();
var asked = benches.Where(bench => names is [] || names.Contains(bench.Name)).ToArray();
if (names.Length > 1 || asked.Length == 0)
{
    Console.Error.WriteLine($"usage: bench [{string.Join('|', benches.Select(bench => bench.Name))}] [--check]\nWithout a name, all of them run.");
    return 2;
}
var code = 0;
foreach (var bench in asked) code = Math.Max(code, await bench.Run(check));
return code;
