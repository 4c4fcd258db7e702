using System.Globalization;
using System.Text.Json;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Core;
using CardIssue.Core.Protocol;

namespace CardIssue.Center.Recovery;

/// <summary>A change of an order, as its entry in the log says it.</summary>
/// <param name="Order">The order.</param>
/// <param name="At">When.</param>
/// <param name="Sequence">Its entry's place in its chain.</param>
/// <param name="Change">The change's name.</param>
/// <param name="Fence">Under which claim.</param>
/// <param name="State">The state after it.</param>
/// <param name="Card">The card after it.</param>
/// <param name="Progress">The progress after it.</param>
/// <param name="What">What it was about.</param>
internal sealed record LoggedChange(
    OrderId Order, DateTimeOffset At, long Sequence, string Change, long Fence, OrderState State, CardId? Card, Progress Progress, string What)
{
    /// <summary>Null for an entry that is of no change of an order.</summary>
    /// <exception cref="RecoveryException">It says that it is one, and is none that this program knows.</exception>
    public static LoggedChange? Read(LogRow row)
    {
        if (row.Entry.Order is not { } order) return null;
        try
        {
            using var document = JsonDocument.Parse(row.Entry.Detail);
            var it = document.RootElement;
            if (!it.TryGetProperty("change", out var change) || !it.TryGetProperty("fence", out var fence)) return null;
            return new LoggedChange(
                order, row.At, row.Sequence, change.GetString()!, fence.GetInt64(), StateOf(it.GetProperty("state")),
                it.TryGetProperty("card", out var card) && card.ValueKind == JsonValueKind.String ? new CardId(ByteString.FromHex(card.GetString()!)) : null,
                new Progress(Number(it, "confirmed"), Number(it, "inDoubt"), Number(it, "attempt"), Number(it, "furthest"), Number(it, "unproved")),
                it.TryGetProperty("what", out var what) ? what.GetString() ?? "" : "");
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new RecoveryException(RecoveryFault.Altered,
                $"entry {row.Sequence} of {row.Instance} is of a change of order {order} that this program cannot read; use the version that wrote it.", error);
        }
    }

    private static OrderState StateOf(JsonElement state)
    {
        var known = state.ValueKind == JsonValueKind.Number ? (OrderState)state.GetInt32() : Enum.Parse<OrderState>(state.GetString()!, ignoreCase: true);
        return Enum.IsDefined(known) ? known : throw new FormatException("no such state");
    }

    private static int Number(JsonElement it, string name) => it.TryGetProperty(name, out var number) ? number.GetInt32() : 0;
}

/// <summary>What became of an order in a later log.</summary>
/// <param name="Last">Its last change there.</param>
/// <param name="Held">The last state that is neither waiting nor quarantined; null when the log has none.</param>
/// <param name="WaitingRecord">The record that it waits at.</param>
/// <param name="VoidOrdered">Whether it is being voided.</param>
/// <param name="CodeRenewed">Whether it was given another issue code, which is lost.</param>
internal sealed record OrderTrail(LoggedChange Last, OrderState? Held, int? WaitingRecord, bool VoidOrdered, bool CodeRenewed)
{
    /// <summary>From all its changes, in their order: of a later claim later, within a claim by time.</summary>
    public static OrderTrail Of(IEnumerable<LoggedChange> changes)
    {
        OrderTrail? trail = null;
        foreach (var change in changes.OrderBy(change => change.Fence).ThenBy(change => change.At).ThenBy(change => change.Sequence))
        {
            trail = new OrderTrail(change,
                change.State is OrderState.Waiting or OrderState.Quarantined ? trail?.Held : change.State,
                change.State is not OrderState.Waiting ? null : RecordIn(change.What) ?? trail?.WaitingRecord ?? Math.Max(1, change.Progress.InDoubt),
                change.State != OrderState.Voided && (trail?.VoidOrdered == true || change.Change == "VoidOrdered"),
                trail?.CodeRenewed == true || change.Change == "CodeRenewed");
        }
        return trail ?? throw new InvalidOperationException("no change");
    }

    private static int? RecordIn(string what) =>
        what.StartsWith("record ", StringComparison.Ordinal) && int.TryParse(what.AsSpan(7), NumberStyles.None, CultureInfo.InvariantCulture, out var record) ? record : null;
}
