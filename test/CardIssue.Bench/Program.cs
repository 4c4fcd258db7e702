using CardIssue.Bench;

var check = args.Contains("--check");
var names = args.Where(a => a != "--check").ToArray();
if (names.Length > 1 || names.Any(n => n is not ("relay" or "relay-emv" or "pcsc" or "center-syncs" or "center" or "terminal" or "scp" or "idle")))
{
    Console.Error.WriteLine("usage: bench [relay|relay-emv|pcsc|center-syncs|center|terminal|scp|idle] [--check]\nWithout a name, all of them run.");
    return 2;
}
var code = 0;
if (names is [] or ["relay"]) code = Math.Max(code, await RelayBench.RunAsync(check));
if (names is [] or ["relay-emv"]) code = Math.Max(code, await EmvBench.RunAsync(check));
if (names is [] or ["pcsc"]) code = Math.Max(code, await PcscBench.RunAsync(check));
if (names is [] or ["center-syncs"]) code = Math.Max(code, await SyncBench.RunAsync(check));
if (names is [] or ["center"]) code = Math.Max(code, await CenterBench.RunAsync(check));
if (names is [] or ["terminal"]) code = Math.Max(code, await TerminalBench.RunAsync(check));
if (names is [] or ["scp"]) code = Math.Max(code, ScpBench.Run(check));
if (names is [] or ["idle"]) code = Math.Max(code, await IdleBench.RunAsync(check));
return code;
