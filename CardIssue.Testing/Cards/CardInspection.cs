using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Application;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards;

/// <summary>What a card holds, read past all access rules: for a test's last word on what was written.</summary>
/// <param name="KeyVersions">The key versions on the card.</param>
/// <param name="PivPublicKey">Of the PIV application, the uncompressed P-256 point, 65 bytes; null when there is no such application.</param>
/// <param name="PivCertificate">X.509, DER.</param>
/// <param name="Data">Data objects of the security domain by tag.</param>
public sealed record CardInspection(
    CardLifeCycle LifeCycle, ByteString Kdd, int FailedAuthentications, IReadOnlyList<byte> KeyVersions,
    IReadOnlyDictionary<int, ByteString> Data, IReadOnlyList<LoadFile> LoadFiles, IReadOnlyList<ApplicationInspection> Applications,
    ByteString? PivPublicKey = null, ByteString? PivCertificate = null)
{
    /// <summary>The application with that AID in hexadecimal.</summary>
    /// <exception cref="InvalidOperationException">It is not on the card.</exception>
    public ApplicationInspection Application(string aid) => Applications.First(a => a.Aid == ByteString.FromHex(aid));

    /// <summary>What a card in this state holds.</summary>
    public static CardInspection Of(CardState state) => new(
        state.LifeCycle, state.Kdd, state.FailedAuthentications, [.. state.Keys.Keys.Select(k => k.Version).Distinct()], state.Data, state.LoadFiles,
        [.. state.Applications.Select(ApplicationInspection.Of)], state.Piv?.PublicKey, state.Piv?.Certificate);

    /// <summary>Whether a data grouping is one that carries secrets, 80xx to 83xx (EMV CPS): not to be shown.</summary>
    public static bool IsSecretGrouping(ushort dgi) => Personalization.IsSecret(dgi);
}

/// <summary>What an application holds.</summary>
/// <param name="LifeCycle">03 INSTALLED, 07 SELECTABLE, 0F PERSONALIZED; b8 set: LOCKED.</param>
/// <param name="Records">By short file identifier and number.</param>
/// <param name="Dgis">Every grouping that is no record; secret ones decrypted.</param>
public sealed record ApplicationInspection(
    ByteString Aid, byte LifeCycle, IReadOnlyDictionary<RecordReference, ByteString> Records, IReadOnlyDictionary<ushort, ByteString> Dgis)
{
    /// <summary>The security domain that it belongs to; empty for the issuer's.</summary>
    public ByteString Domain { get; init; }

    /// <summary>Of a security domain: its key versions.</summary>
    public IReadOnlyList<byte> KeyVersions { get; init; } = [];

    /// <summary>Whether it has the state PERSONALIZED (0F) and is not locked.</summary>
    public bool IsPersonalized => LifeCycle == CardApplication.Personalized;

    internal static ApplicationInspection Of(CardApplication application)
    {
        var records = new Dictionary<RecordReference, ByteString>();
        var others = new Dictionary<ushort, ByteString>();
        foreach (var (dgi, value) in application.Dgis)
            if (PersonalizedApplication.RecordOf(dgi) is { } record) records[record] = value;
            else others[dgi] = value;
        return new ApplicationInspection(application.Aid, application.LifeCycle, records, others)
        {
            Domain = application.Domain, KeyVersions = [.. application.Keys.Keys.Keys.Select(key => key.Version).Distinct()],
        };
    }
}
