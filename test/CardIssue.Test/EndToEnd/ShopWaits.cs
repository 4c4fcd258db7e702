using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;

namespace CardIssue.Test.EndToEnd;

/// <summary>Waiting for what the operator would see.</summary>
internal static class ShopWaits
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60), Pause = TimeSpan.FromMilliseconds(5);

    public static Task ShowsAsync(this Shop shop, string text, int times = 1) => UntilAsync(() =>
    {
        lock (shop.Shown) return shop.Shown.Count(s => s.Contains(text, StringComparison.Ordinal)) >= times;
    }, () => $"'{text}' was not shown {times} times; shown was:\n{string.Join('\n', shop.Shown)}");

    public static async Task ReachesAsync(this Shop shop, string order, OrderState state)
    {
        for (var waited = TimeSpan.Zero; waited < Limit; waited += Pause)
        {
            if ((await shop.ViewAsync(order)).State == state) return;
            await Task.Delay(Pause);
        }
        Assert.Fail($"{order} is {(await shop.ViewAsync(order)).State}, not {state}");
    }

    /// <summary>Until no session has the order any more.</summary>
    public static async Task UnclaimedAsync(this Shop shop, string order)
    {
        for (var waited = TimeSpan.Zero; waited < Limit; waited += Pause)
        {
            if ((await shop.ViewAsync(order)).Session is null) return;
            await Task.Delay(Pause);
        }
        Assert.Fail($"{order} is still claimed");
    }

    /// <summary>Until the center's log has such a row.</summary>
    public static async Task LogsAsync(this Shop shop, Func<LogRow, bool> wanted)
    {
        for (var waited = TimeSpan.Zero; waited < Limit; waited += Pause)
        {
            if ((await shop.Log.ReadAsync(new LogQuery())).Any(wanted)) return;
            await Task.Delay(Pause);
        }
        Assert.Fail($"the log has no such row:\n{string.Join('\n', (await shop.Log.ReadAsync(new LogQuery())).Select(row => row.Entry))}");
    }

    /// <summary>Until the center has no session, and all of theirs is written.</summary>
    public static Task QuietAsync(this Shop shop) => UntilAsync(() => shop.Server.Sessions == 0, () => $"the center has {shop.Server.Sessions} sessions");

    /// <summary>How many cards were taken out, as the center's log says; its entries name no order any more.</summary>
    public static Task<long> RemovalsAsync(this Shop shop) =>
        shop.Database.ReadAsync(store => store.Number("SELECT count(*) FROM log_entries WHERE kind = 'CardRemoved'"), default);

    /// <summary>Until so many were.</summary>
    public static async Task RemovedAsync(this Shop shop, long removals)
    {
        for (var waited = TimeSpan.Zero; waited < Limit; waited += Pause)
        {
            if (await shop.RemovalsAsync() >= removals) return;
            await Task.Delay(Pause);
        }
        Assert.Fail($"the log does not tell of {removals} removals");
    }

    /// <summary>Until the terminal stands there.</summary>
    public static Task PhaseAsync(this Shop shop, TerminalPhase phase) => UntilAsync(() => shop.Relay.Phase == phase, () => $"the terminal is {shop.Relay.Phase}, not {phase}");

    /// <summary>Until the terminal's module keeps a note of the center.</summary>
    public static Task UntilNoteAsync(this Shop shop) => UntilAsync(() => File.Exists(shop.NoteFile), () => "no note was kept");

    /// <summary>The terminal dies in the middle of an order's issue, and comes back with nothing; until no session has the order any more.</summary>
    /// <param name="shop">The shop.</param>
    /// <param name="order">The order, which is asked for here.</param>
    /// <param name="dying">Done when it is to die.</param>
    public static async Task TerminalDiesAsync(this Shop shop, string order, Task dying)
    {
        var issuing = shop.IssueAsync(order);
        await dying;
        await shop.RestartTerminalAsync();
        await ((Task)issuing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await shop.UnclaimedAsync(order);
    }

    /// <summary>Until the center has let the terminal in.</summary>
    public static Task HasAccessAsync(this Shop shop) =>
        UntilAsync(() => shop.Relay.Phase.HasAccess(), () => $"the terminal is {shop.Relay.Phase}");

    public static Task IsRefusedAsync(this Shop shop, IssueReason reason) =>
        UntilAsync(() => shop.Relay.Status is { State: RelayState.Refused } refused && refused.Reason == reason, () => $"the terminal is {shop.Relay.Status}");

    private static async Task UntilAsync(Func<bool> reached, Func<string> complaint)
    {
        for (var waited = TimeSpan.Zero; waited < Limit; waited += Pause)
        {
            if (reached()) return;
            await Task.Delay(Pause);
        }
        Assert.Fail(complaint());
    }
}
