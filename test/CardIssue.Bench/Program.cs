using CardIssue.Bench;

var check = args.Contains("--check");
var names = args.Where(a => a != "--check").ToArray();
if (names.Length > 1 || names.Any(n => n is not ("relay" or "pcsc")))
{
    Console.Error.WriteLine("usage: bench [relay|pcsc] [--check]\nWithout a name, all of them run.");
    return 2;
}
var code = 0;
if (names is [] or ["relay"]) code = Math.Max(code, await RelayBench.RunAsync(check));
if (names is [] or ["pcsc"]) code = Math.Max(code, await PcscBench.RunAsync(check));
return code;
