using System.Text.Json;
using CardIssue.Testing.Cards.Application;

namespace CardIssue.Testing.Cards;

/// <summary>An inspection as JSON, without keys and without the values of secret groupings.</summary>
public static class InspectionJson
{
    /// <summary>The card as one JSON object.</summary>
    public static string Of(CardInspection card, bool indented = false) => JsonSerializer.Serialize(
        new
        {
            ok = true,
            lifeCycle = card.LifeCycle.ToString(),
            kdd = card.Kdd.ToString(),
            failedAuthentications = card.FailedAuthentications,
            keyVersions = card.KeyVersions.Select(v => v.ToString("X2")),
            publicKey = card.PivPublicKey?.ToString(),
            certificate = card.PivCertificate?.ToString(),
            data = card.Data.ToDictionary(d => d.Key.ToString("X"), d => d.Value.ToString()),
            loadFiles = card.LoadFiles.Select(f => new { aid = f.Aid.ToString(), version = f.Version.ToString(), modules = f.Modules.Select(m => m.ToString()), length = f.Length }),
            applications = card.Applications.Select(a => new
            {
                aid = a.Aid.ToString(),
                lifeCycle = a.LifeCycle.ToString("X2"),
                personalized = a.IsPersonalized,
                securityDomain = a.Domain.IsEmpty ? null : a.Domain.ToString(),
                keyVersions = a.KeyVersions.Select(v => v.ToString("X2")),
                records = a.Records.Select(r => new { sfi = r.Key.Sfi, record = r.Key.Number, value = r.Value.ToString() }),
                dgis = a.Dgis.Select(d => new { dgi = d.Key.ToString("X4"), length = d.Value.Length, value = Personalization.IsSecret(d.Key) ? null : d.Value.ToString() }),
            }),
        },
        new JsonSerializerOptions { WriteIndented = indented });
}
