using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;

namespace CardIssue.Test.EndToEnd;

/// <summary>Waiting for what the operator would see.</summary>
internal static class ShopWaits
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30), Pause = TimeSpan.FromMilliseconds(5);

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

    /// <summary>Until the terminal stands there.</summary>
    public static Task PhaseAsync(this Shop shop, TerminalPhase phase) => UntilAsync(() => shop.Relay.Phase == phase, () => $"the terminal is {shop.Relay.Phase}, not {phase}");

    /// <summary>Until the terminal's module keeps a note of the center.</summary>
    public static Task UntilNoteAsync(this Shop shop) => UntilAsync(() => File.Exists(shop.NoteFile), () => "no note was kept");

    /// <summary>Until the center has let the terminal in.</summary>
    public static Task HasAccessAsync(this Shop shop) =>
        UntilAsync(() => shop.Relay.Phase.HasAccess(), () => $"the terminal is {shop.Relay.Phase}");

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
