using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Center.Orders;

/// <summary>
/// A change of an order, as its entry in the log says it: enough to bring a store that was put back to where it was. No write data, no customer.
/// </summary>
/// <param name="Order">The order.</param>
/// <param name="At">When.</param>
/// <param name="Sequence">Its entry's place in its chain.</param>
/// <param name="Change">The change's name.</param>
/// <param name="Fence">Under which claim.</param>
/// <param name="State">The state after it.</param>
/// <param name="Card">The card after it.</param>
/// <param name="Progress">The progress after it.</param>
/// <param name="What">What it was about.</param>
/// <param name="Commit">The commit that made it; 0 in an entry of a version before.</param>
/// <param name="Rewrite">Which of its product's rewrites the order is; null for an issue.</param>
/// <param name="Issuer">Whose order it is; null for the center's own.</param>
internal sealed record LoggedChange(
    OrderId Order, DateTimeOffset At, long Sequence, string Change, long Fence, OrderState State, CardId? Card, OrderProgress Progress, string What,
    long Commit, string? Rewrite = null, string? Issuer = null)
{
    private const int MaxWhat = 4_096, DetailLength = 512;

    /// <summary>
    /// Earlier changes first. By the commit, whose numbers all hosts on a store share: the place in a chain says nothing of another host's chain, and neither does
    /// the time, which each takes from its own clock. Changes of versions before, which name no commit, are of one host: of a later claim later, within a claim by time.
    /// </summary>
    public static readonly IComparer<LoggedChange> InOrder = Comparer<LoggedChange>.Create((one, other) => one.Commit > 0 || other.Commit > 0
        ? (one.Commit, one.Sequence).CompareTo((other.Commit, other.Sequence))
        : (one.Fence, one.At, one.Sequence).CompareTo((other.Fence, other.At, other.Sequence)));

    /// <summary>Where the order stands after it, as far as it is compared with its row.</summary>
    public string Standing => StandingOf(State, Fence, Card, Progress, Issuer);

    /// <summary>The same of a row.</summary>
    public static string StandingOf(OrderRow order) => StandingOf(order.State, order.Fence, order.Card, order.Progress, order.Issuer?.Value);

    /// <summary>The detail of a change's entry.</summary>
    // Written each time that an order changes: so by hand, and not by what reflection finds.
    public static string Detail(OrderRow order, string change, string what, long commit)
    {
        var bytes = new ArrayBufferWriter<byte>(DetailLength);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("change", change);
            json.WriteNumber("fence", order.Fence);
            json.WriteString("state", order.State.ToString());
            json.WriteString("card", order.Card?.ToString());
            json.WriteNumber("confirmed", order.Progress.Confirmed);
            json.WriteNumber("inDoubt", order.Progress.InDoubt);
            json.WriteNumber("attempt", order.Progress.Attempt);
            json.WriteNumber("furthest", order.Progress.Furthest);
            json.WriteNumber("unproved", order.Progress.Unproved);
            json.WriteNumber("commit", commit);
            json.WriteString("what", PlainText.Of(what, MaxWhat));
            json.WriteString("rewrite", order.Rewrite);
            json.WriteString("issuer", order.Issuer?.Value);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>All changes of an order that the log tells of, as they stand there.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: one says that it is a change, and is none that this program knows.</exception>
    public static List<(LogRow Row, LoggedChange Change)> AllOf(StoreView store, OrderId order)
    {
        var changes = new List<(LogRow, LoggedChange)>();
        foreach (var row in LogTable.Changes(store, order))
        {
            try
            {
                if (Read(row) is { } change) changes.Add((row, change));
            }
            catch (FormatException)
            {
                throw RowSeals.Altered($"The log's entry {row.Sequence} of {row.Instance}, of a change of order {order}, was changed: nothing is done for the order.");
            }
        }
        return changes;
    }

    /// <summary>Null for an entry that is of no change of an order.</summary>
    /// <exception cref="FormatException">It says that it is one, and is none that this program knows.</exception>
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
                new OrderProgress(Number(it, "confirmed"), Number(it, "inDoubt"), Number(it, "attempt"), Number(it, "furthest"), Number(it, "unproved")),
                it.TryGetProperty("what", out var what) ? what.GetString() ?? "" : "",
                it.TryGetProperty("commit", out var commit) ? commit.GetInt64() : 0,
                it.TryGetProperty("rewrite", out var rewrite) ? rewrite.GetString() : null,
                it.TryGetProperty("issuer", out var issuer) ? issuer.GetString() : null);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException(error.Message, error);
        }
    }

    private static string StandingOf(OrderState state, long fence, CardId? card, OrderProgress progress, string? issuer) => string.Create(CultureInfo.InvariantCulture,
        $"{state}, fence {fence}, card {card?.ToString() ?? "none"}, confirmed {progress.Confirmed}, in doubt {progress.InDoubt}, furthest {progress.Furthest}")
        + (issuer is null ? "" : $", issuer {issuer}");

    private static OrderState StateOf(JsonElement state)
    {
        var known = state.ValueKind == JsonValueKind.Number ? (OrderState)state.GetInt32() : Enum.Parse<OrderState>(state.GetString()!, ignoreCase: true);
        return Enum.IsDefined(known) ? known : throw new FormatException("no such state");
    }

    private static int Number(JsonElement it, string name) => it.TryGetProperty(name, out var number) ? number.GetInt32() : 0;
}
