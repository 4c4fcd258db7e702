using System.Text.Json;
using CardIssue.Center.Orders;

namespace CardIssue.Center.Feed;

/// <summary>An event as JSON, the same wherever the issuer is told.</summary>
internal static class FeedEventJson
{
    public static void Write(Utf8JsonWriter json, FeedEvent told)
    {
        json.WriteStartObject();
        json.WriteString("eventId", told.EventId);
        json.WriteNumber("number", told.Id);
        json.WriteString("event", told.Kind switch
        {
            FeedEventKind.Issued => "issued",
            FeedEventKind.Blocked => "blocked",
            FeedEventKind.Voided => "voided",
            FeedEventKind.Rewritten => "rewritten",
        });
        if (told.Issuer is { } issuer) json.WriteString("issuer", issuer.Value);
        json.WriteString("order", told.Order.Value);
        if (told.Branch is { } branch) json.WriteString("branch", branch.Value);
        json.WriteString("customer", told.Customer);
        json.WriteNumber("sequence", told.Sequence);
        if (told.Card is { } card) json.WriteString("card", card.ToString());
        json.WriteString("at", told.At.UtcDateTime);
        if (told.Reason.Length > 0) json.WriteString("reason", told.Reason);
        json.WriteEndObject();
    }
}
