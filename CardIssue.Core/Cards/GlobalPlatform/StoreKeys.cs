using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.GlobalPlatform;

/// <summary>
/// The keys of a security domain by STORE DATA (GPCS §11.11.4.1), behind an INSTALL [for personalization] that names it: so they reach a
/// domain through the one that it belongs to, in whose channel they are encrypted.
/// </summary>
internal static class StoreKeys
{
    /// <summary>What is stored: the description of the keys (table 11-92), not encrypted, and one grouping for each key (table 11-93).</summary>
    public const ushort Descriptions = 0x00B9, SecretKey = 0x8113;

    /// <summary>
    /// P1 without the mark of the last block: groupings, of which some are encrypted (table 11-89). Some cards take 68 alone, all encrypted.
    /// </summary>
    public const byte UsualP1 = 0x28;

    private const byte LastBlock = 0x80;
    private const uint Template = 0xB9, Usage = 0x95, Type = 0x80, Length = 0x81, Identifier = 0x82, Version = 0x83, CheckValue = 0x84;

    /// <summary>
    /// ENC, MAC and DEK of a secure channel, for commands and responses (§11.1.9). Key access, which is left out, is then 00, for all that
    /// the usage says.
    /// </summary>
    private static readonly byte[] Usages = [0x38, 0x34, 0xC8];

    /// <summary>The command: all keys in one, so that the domain has all or none.</summary>
    /// <param name="p1">P1 (<see cref="UsualP1"/>); the last block is marked here, for the keys are a series of their own.</param>
    /// <param name="version">The version that the keys get, 01 to 7F.</param>
    /// <param name="keys">ENC, MAC and DEK, under the DEK of the channel.</param>
    /// <param name="le">Le; null for none, as the standard has it where responses carry no MAC (§11.11.4: case 3).</param>
    /// <exception cref="ArgumentException">Other than three keys, or a version out of range.</exception>
    public static CommandApdu Command(byte p1, byte version, ReadOnlySpan<EncryptedKey> keys, int? le)
    {
        if (keys.Length != PutKey.LastKey) throw new ArgumentException($"A secure channel has {PutKey.LastKey} keys.", nameof(keys));
        if (version is 0 or > PutKey.LastVersion)
            throw new ArgumentException($"A key's version is 01 to {PutKey.LastVersion:X2}, not {version:X2}.", nameof(version));
        var descriptions = new List<ByteString>();
        var secrets = new List<ByteString>();
        for (var i = 0; i < keys.Length; i++)
        {
            descriptions.Add(Describe(keys[i], version, (byte)(PutKey.FirstKey + i), Usages[i]).ToBytes());
            secrets.Add(new Dgi(SecretKey, keys[i].Encrypted).ToBytes());
        }
        var data = ByteString.Concat([new Dgi(Descriptions, ByteString.Concat([.. descriptions])).ToBytes(), .. secrets]);
        return new CommandApdu(0x80, Instructions.StoreData, (byte)(p1 | LastBlock), 0x00, data, le);
    }

    private static BerTlv Describe(EncryptedKey key, byte version, byte id, byte usage) => BerTlv.Constructed(Template,
    [
        One(Usage, usage), One(Type, key.Type), One(Length, (byte)key.Length), One(Identifier, id), One(Version, version),
        BerTlv.Primitive(CheckValue, key.CheckValue),
    ]);

    private static BerTlv One(uint tag, byte value) => BerTlv.Primitive(tag, ByteString.Own([value]));
}
