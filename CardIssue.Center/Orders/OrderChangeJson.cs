using System.Text.Json;
using CardIssue.Center.Log;
using CardIssue.Core;

namespace CardIssue.Center.Orders;

/// <summary>Where an order stands, as the log says it with each change: enough to bring a store that was put back to where it was. No write data, no customer.</summary>
internal static class OrderChangeJson
{
    private const int MaxWhat = 4_096;

    /// <summary>What of an order's row is compared with the log.</summary>
    public static string StandingOf(OrderRow order) => Standing(
        order.State.ToString(), order.Fence, order.Card?.ToString(), order.Progress.Confirmed, order.Progress.InDoubt, order.Progress.Furthest);

    /// <summary>The same of an entry that tells of a change; null of any other.</summary>
    public static string? StandingIn(LogEntry entry)
    {
        if (entry is not { Direction: LogDirection.None, Step: 0 }) return null;
        using var detail = JsonDocument.Parse(entry.Detail);
        var it = detail.RootElement;
        return !it.TryGetProperty("change", out _) || !it.TryGetProperty("fence", out var fence) ? null : Standing(
            it.GetProperty("state").GetString(), fence.GetInt64(), it.GetProperty("card").GetString(), it.GetProperty("confirmed").GetInt32(),
            it.GetProperty("inDoubt").GetInt32(), it.GetProperty("furthest").GetInt32());
    }

    private static string Standing(string? state, long fence, string? card, int confirmed, int inDoubt, int furthest) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{state}, fence {fence}, card {card ?? "none"}, confirmed {confirmed}, in doubt {inDoubt}, furthest {furthest}");

    public static string Of(OrderRow order, string change, string what) => JsonSerializer.Serialize(new
    {
        change,
        fence = order.Fence,
        state = order.State.ToString(),
        card = order.Card?.ToString(),
        confirmed = order.Progress.Confirmed,
        inDoubt = order.Progress.InDoubt,
        attempt = order.Progress.Attempt,
        furthest = order.Progress.Furthest,
        unproved = order.Progress.Unproved,
        what = PlainText.Of(what, MaxWhat),
    });
}
