using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.Channel;
using CardIssue.Testing.Cards.Crypto;
using CardIssue.Testing.Cards.Domain;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Application;

/// <summary>STORE DATA into an application (EMV CPS 1.1): all groupings that a command completes are taken, or none.</summary>
internal static class Personalization
{
    private const ushort Keys = 0x8000, KeyCheckValues = 0x9000, PinBlock = 0x8010;
    private const int PinBlockLength = 8, KeyLength = 16;
    private const byte EncryptionBits = 0x60, AllEncrypted = 0x60, ApplicationDependent = 0x20;

    internal static Reply Store(CardMemory card, ByteString aid, Command command, bool isLast)
    {
        if (card.State.Find(aid) is not { } application) return Sw.ReferenceNotFound;
        if (!application.IsSelectable || application.IsPersonalized) return Sw.Conditions;
        if (!StoreData.IsForApplications(command) || (command.P1 & EncryptionBits) == 0x40) return Sw.WrongP1P2;

        var progress = card.Volatile.StoreData;
        if (progress.TakeGroupings(command.Data, (command.P1 & EncryptionBits) == AllEncrypted) is not { } groupings) return Sw.NoRoom;
        if (isLast && progress.HasPending) return Sw.WrongData;
        var secretsAreEncrypted = (command.P1 & EncryptionBits) == ApplicationDependent;
        foreach (var grouping in groupings)
        {
            var isEncrypted = grouping.IsEncrypted || secretsAreEncrypted && IsSecret(grouping.Dgi);
            if (Open(grouping with { IsEncrypted = isEncrypted }, card.Volatile.Channel!) is not { } value) return Sw.WrongData;
            if (Fault(application, grouping.Dgi, value) is { } fault) return fault;
            application = application with { Dgis = application.Dgis.SetItem(grouping.Dgi, ByteString.Own(value)) };
        }
        if (isLast)
        {
            if (application.MandatoryDgis.Any(dgi => !application.Dgis.ContainsKey(dgi))) return Sw.WrongP1P2;
            application = application with { LifeCycle = CardApplication.Personalized };
        }
        if (isLast || groupings.Count > 0) card.State = card.State.With(application);
        return Reply.Ok();
    }

    /// <summary>Keys, PIN block, private keys: 80xx–83xx. They come encrypted under the DEK or not at all, and never leave.</summary>
    public static bool IsSecret(ushort dgi) => dgi >> 8 is >= 0x80 and <= 0x83;

    private static byte[]? Open(Grouping grouping, SecureChannel channel)
    {
        if (!grouping.IsEncrypted) return IsSecret(grouping.Dgi) ? null : grouping.Value;
        if (grouping.Value.Length == 0 || grouping.Value.Length % channel.SecretBlock != 0) return null;
        // What fills no whole blocks is padded by 80 00… (GPC Amd D 7.3); a PIN block fills one of SCP02's.
        var clear = channel.DecryptSecret(grouping.Value);
        return grouping.Dgi != PinBlock || clear.Length == PinBlockLength ? clear : CardCrypto.Unpad(clear) is { Length: PinBlockLength } pin ? pin : null;
    }

    private static ushort? Fault(CardApplication application, ushort dgi, byte[] value)
    {
        if (dgi is (>= 0x7FF0 and <= 0x7FFE) or 0x8F01 or 0x7F01 or 0x00CF or 0x0062) return Sw.ReferenceNotFound;
        if (PersonalizedApplication.RecordOf(dgi) is { Sfi: <= 10 } && !IsTemplate(value)) return Sw.WrongData;
        var keys = dgi == Keys ? value : application.Dgis.TryGetValue(Keys, out var k) ? k.ToArray() : null;
        var checkValues = dgi == KeyCheckValues ? value : application.Dgis.TryGetValue(KeyCheckValues, out var c) ? c.ToArray() : null;
        if (dgi is not (Keys or KeyCheckValues) || keys is null || checkValues is null) return null;
        return CheckValuesMatch(keys, checkValues) ? null : Sw.Security;
    }

    private static bool IsTemplate(byte[] value)
    {
        ReadOnlySpan<byte> rest = value;
        return Tlv.TryRead(ref rest, out var tag, out _) && tag == 0x70 && rest.IsEmpty;
    }

    // The application's own keys are triple DES or AES; which, the data does not say (GPCS B.5, B.6).
    private static bool CheckValuesMatch(byte[] keys, byte[] checkValues)
    {
        var chunks = keys.Chunk(KeyLength).ToList();
        return keys.Length % KeyLength == 0
            && (checkValues.AsSpan().SequenceEqual(chunks.SelectMany(k => CardCrypto.DesCheckValue(k)).ToArray())
                || checkValues.AsSpan().SequenceEqual(chunks.SelectMany(k => CardCrypto.AesCheckValue(k)).ToArray()));
    }
}
