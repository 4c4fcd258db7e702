using CardIssue.Center.Orders;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary>Who has what the center is to change over to, its next certificate or its next keys: what people need to know before they do it.</summary>
/// <param name="Have">The terminals that may come in, and have it.</param>
/// <param name="Lack">Those that have not.</param>
/// <param name="HostsLack">The hosts that serve, and have not got it. One that does not serve finds it out when it starts.</param>
internal sealed record ChangeOver(IReadOnlyList<string> Have, IReadOnlyList<string> Lack, IReadOnlyList<string> HostsLack)
{
    /// <summary>What to do about a host that has not got it.</summary>
    public const string Copy = $"copy this {CenterFiles.VaultName} over its own; a running host takes it within two seconds";

    /// <summary>How it stands.</summary>
    /// <param name="center">The center.</param>
    /// <param name="number">The number of what is to follow.</param>
    /// <param name="told">What terminals said that they have, or came with.</param>
    /// <param name="has">Whether a host has it: by its hash, for two vaults may each have made one of the same number.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<ChangeOver> OfAsync(
        OpenCenter center, int number, IReadOnlyDictionary<TerminalId, int> told, Func<ServingHost, bool> has, CancellationToken cancellation)
    {
        var terminals = (await center.Terminals.ListAsync(cancellation)).Where(terminal => terminal.Enabled)
            .ToLookup(terminal => told.GetValueOrDefault(terminal.Terminal) >= number, terminal => terminal.Terminal.Value);
        var hosts = (await center.Orders.Hosts.ListAsync(cancellation)).Where(host => host.IsServing && !has(host));
        return new ChangeOver([.. terminals[true]], [.. terminals[false]], [.. hosts.Select(host => host.Host)]);
    }

    /// <summary>Refuses while hosts that serve have not got it.</summary>
    /// <param name="what">What is to follow, with its number.</param>
    /// <exception cref="CommandException">One has not.</exception>
    public void CheckHosts(string what)
    {
        if (HostsLack.Count > 0)
            throw new CommandException(ExitCode.Refused, $"Nothing was changed: of the hosts that serve, these have not got {what}: {Names(HostsLack)}. For each, {Copy}.");
    }

    /// <summary>Names, for people.</summary>
    public static string Names(IReadOnlyList<string> names) => names.Count == 0 ? "none" : string.Join(", ", names);
}
