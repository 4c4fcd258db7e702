using System.Text.Json;
using CardIssue.Core;

namespace CardIssue.Center.Orders;

/// <summary>Where an order stands, as the log says it with each change: enough to bring a store that was put back to where it was. No write data, no customer.</summary>
internal static class OrderChangeJson
{
    private const int MaxWhat = 4_096;

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
