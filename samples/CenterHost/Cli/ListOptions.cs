using System.CommandLine;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Cli;

/// <summary>
/// What every list is asked in the same way: how many, and behind what. A list is as long as it is when nobody says how long; it is printed as it
/// is read.
/// </summary>
internal sealed class ListOptions
{
    /// <param name="of">What an entry of the list is called, such as an order.</param>
    public ListOptions(string of) =>
        After = new Option<string?>("--after") { Description = $"Only what comes behind this {of} in the list: the last one of the page before.", HelpName = of.ToUpperInvariant() };

    public Option<string?> After { get; }

    /// <summary>Also by the name that it had before.</summary>
    public Option<int?> Limit { get; } = Limited();

    /// <summary>The options of a list, with those that are its own in front.</summary>
    public Symbol[] With(params ReadOnlySpan<Symbol> own) => [.. own, After, Limit];

    /// <summary>No more than are asked for.</summary>
    public IAsyncEnumerable<T> Of<T>(Call call, IAsyncEnumerable<T> items) => call.Get(Limit) is { } most ? items.Take(most) : items;

    /// <summary>That part of a short list which is asked for.</summary>
    /// <exception cref="CommandException">There is no entry of which it says that it comes before.</exception>
    public IEnumerable<T> Of<T>(Call call, IReadOnlyList<T> items, Func<T, string> key, Func<T, bool>? fits = null)
    {
        IEnumerable<T> rest = items;
        if (call.Get(After) is { } after)
        {
            if (!items.Any(item => key(item) == after)) throw new CommandException(ExitCode.Usage, "--after names nothing that is in this list.");
            rest = items.SkipWhile(item => key(item) != after).Skip(1);
        }
        if (fits is not null) rest = rest.Where(fits);
        return call.Get(Limit) is { } most ? rest.Take(most) : rest;
    }

    private static Option<int?> Limited()
    {
        var limit = NumberOption.Optional("--limit", "No more than so many.", 1, int.MaxValue);
        limit.Aliases.Add("--most");
        return limit;
    }
}

/// <summary>Filters that several lists have.</summary>
internal static class ListFilters
{
    public static Option<DateTimeOffset?> Since(string what) => new("--since") { Description = $"Only {what} at this time or later, such as 2026-01-31 or 2026-01-31T08:00Z.", HelpName = "TIME" };

    public static Option<DateTimeOffset?> Until(string what) => new("--until") { Description = $"Only {what} before this time.", HelpName = "TIME" };

    public static Option<string?> Product() => new("--product") { Description = "Only of this product; NAME, or NAME/VERSION for one version.", HelpName = "NAME" };

    public static Option<string?> Issuer() => new("--issuer") { Description = "Only this issuer's, of a center with several.", HelpName = "NAME" };

    public static Option<string?> Customer() => new("--customer") { Description = "Only of this customer.", HelpName = "ID" };

    public static Option<string?> Branch(string what) => new("--branch") { Description = $"Only {what} a terminal of this branch.", HelpName = "NAME" };

    public static BranchId? Branch(Call call, Option<string?> option) => call.Get(option) is { } name ? new BranchId(name) : null;

    public static Option<string?> Terminal(string what) => new("--terminal") { Description = $"Only {what} this terminal.", HelpName = "T" };

    /// <summary>A product by name, or one version of it.</summary>
    /// <exception cref="CommandException">It is neither.</exception>
    public static (string? Name, int? Version) Product(string? text) => text?.Split('/') switch
    {
        null => (null, null),
        [{ Length: > 0 } name] => (name, null),
        [{ Length: > 0 } name, var version] when int.TryParse(version, out var number) && number > 0 => (name, number),
        _ => throw new CommandException(ExitCode.Usage, "--product is NAME or NAME/VERSION."),
    };
}
