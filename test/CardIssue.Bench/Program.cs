using CardIssue.Bench;

var check = args.Contains("--check");
var names = args.Where(a => a != "--check").ToArray();
if (names.Length > 1 || names.Any(n => n is not "relay"))
{
    Console.Error.WriteLine("usage: bench [relay] [--check]\nThere is one bench: relay.");
    return 2;
}
return await RelayBench.RunAsync(check);
