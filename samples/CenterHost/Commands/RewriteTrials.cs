using System.CommandLine;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Orders;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;
using CardIssue.Testing;

namespace CardIssue.CenterHost.Commands;

/// <summary>Which rewrites are tried after an issue, in which order, with whose fields.</summary>
/// <param name="names">Those that were asked for, in that order.</param>
/// <param name="all">All that the product has, or that the orders say.</param>
internal sealed class RewriteTrials(IReadOnlyList<string> names, bool all)
{
    private const string NamedOption = "--rewrite", AllOption = "--all";

    public static Option<string[]> Named() => new(NamedOption)
    {
        Description = "Also rewrite the card by this name; several are done to one card, in the order given. With --orders, the orders' of this "
            + "name.",
        HelpName = "NAME", DefaultValueFactory = _ => [],
    };

    public static Option<bool> All() => new(AllOption)
    {
        Description = "Also do all rewrites to the card: as the orders have them, or each of the product's, in its order.",
    };

    /// <exception cref="CommandException">A product has no rewrite of a name, or both options were given.</exception>
    public void Demand(IEnumerable<KnownProduct> products)
    {
        if (all && names.Count > 0) throw new CommandException(ExitCode.Usage, $"Give {NamedOption} or {AllOption}, not both.");
        foreach (var known in products)
            if (names.FirstOrDefault(name => known.Product.Rewrite(name) is null) is { } missing)
                throw new CommandException(ExitCode.Usage, $"{known.Record.Ref} has no rewrite {missing}.");
    }

    /// <summary>Those of an orders file that follow an issue, in the file's order.</summary>
    public IReadOnlyList<TrialRewrite> Of(OrderEntry issue, IReadOnlyList<OrderEntry> entries) =>
    [
        .. entries.Where(entry => entry.Rewrite is { } rewrite && entry.Product == issue.Product && (all || names.Contains(rewrite.Name))
                && (rewrite.Order is { } of ? of == issue.Order : entry.Customer == issue.Customer))
            .Select(entry => new TrialRewrite(entry.Order, entry.Rewrite!.Name, entry.Fields)),
    ];

    /// <summary>Those of the product, with fields that are made up: what a field was at the issue, it is again.</summary>
    /// <exception cref="CommandException">Nobody can make up what a rewrite asks for.</exception>
    public IReadOnlyList<TrialRewrite> MadeUp(OrderId order, CardProduct product, CardPrograms programs)
    {
        var made = new List<TrialRewrite>();
        foreach (var name in all ? product.Rewrites.Select(rewrite => rewrite.Name) : names)
        {
            var rewrite = product.Rewrite(name)!;
            var fields = MadeUpFields.For(rewrite);
            var why = fields is null ? "it takes ready-made data" : CardPlan.Create(rewrite, fields, programs) is { Plan: null } no
                ? $"{no.Errors[0].Field} {no.Errors[0].Message}" : null;
            if (why is not null)
                throw new CommandException(ExitCode.Usage, $"No customer can be made up for rewrite {name}: {why}. Give orders for it with --orders.");
            made.Add(new TrialRewrite(order, name, fields!));
        }
        return made;
    }
}
