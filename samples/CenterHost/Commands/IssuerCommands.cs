using System.CommandLine;
using CardIssue.Center.Approvals;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>issuer</c>: the issuers of a center that serves several.</summary>
internal static class IssuerCommands
{
    public static Command Make(Shell shell) => Shell.Group("issuer",
        "The issuers of a center that serves several. Each has key sets of its own: a product is whose keys it names, an order whose product it is for.",
        Add(shell), List(shell));

    private static Command Add(Shell shell)
    {
        var name = new Argument<string>("NAME") { Description = "The issuer's name: 1 to 64 of a-z 0-9 . _ -" };
        var keySets = new Option<string[]>("--key-set")
        {
            Description = "A key set that is its own from now on, for good; may be given several times. No product may name it yet.", HelpName = "NAME", Required = true,
        };
        var reason = OrderDeskCommands.Reason();
        return shell.Command("add", "Asks to make an issuer known, or to give one that is further key sets.", [name, keySets, reason], async (call, cancellation) =>
        {
            var act = new CenterAct.PutIssuer(new IssuerId(call.Get(name)!), [.. call.Get(keySets)!]);
            await using var center = await call.OpenAsync(cancellation);
            return await Asking.AskAsync(call, center, act, call.Get(reason)!, null, cancellation);
        });
    }

    private static Command List(Shell shell)
    {
        var list = new ListOptions("issuer");
        return shell.Command("list", "Lists the issuers with their key sets.", list.With(), async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var issuers = list.Of(call, [.. (await center.Issuers.ListAsync(cancellation)).Where(it => center.By.IsFor(it.Issuer))], it => it.Issuer.Value);
            return await call.Answers.ListAsync(issuers, it => new { issuer = it.Issuer.Value, keySets = it.KeySets.ToArray() },
                it => $"{it.Issuer}  key sets {string.Join(", ", it.KeySets)}", "No issuers are named: all that the center has is one issuer's.");
        });
    }
}
