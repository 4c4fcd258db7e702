using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.GlobalPlatform;

/// <summary>How a card wants its STORE DATA (GPCS §11.11; EMV CPS differs in the format bits). All of P1 is the card profile's to say.</summary>
/// <param name="PlainP1">P1 of data that is not encrypted: 08 DGI, 10 BER-TLV, 00 for many CPS applications.</param>
/// <param name="EncryptedP1">P1 of data encrypted under the DEK: 68 DGI, 60 for many CPS applications.</param>
/// <param name="MaxData">The most data of one command in bytes: what the session takes (<see cref="SecureChannel.ISecureChannelSession.MaxPlainData"/>), or less.</param>
/// <param name="Packed">Whether several data groupings of the same P1 may share one command.</param>
/// <param name="Le">Le of each command; null for none.</param>
internal sealed record StoreDataProfile(byte PlainP1, byte EncryptedP1, int MaxData, bool Packed = false, int? Le = null)
{
    /// <summary>DGIs with the format bits of GPCS.</summary>
    public static StoreDataProfile GlobalPlatformDgi(int maxData) => new(0x08, 0x68, maxData);

    /// <summary>DGIs without format bits, as EMV CPS applications commonly want them.</summary>
    public static StoreDataProfile EmvCps(int maxData) => new(0x00, 0x60, maxData);

    /// <summary>BER-TLV data objects.</summary>
    public static StoreDataProfile BerTlv(int maxData) => new(0x10, 0x70, maxData);
}

/// <summary>What STORE DATA carries as one: a data grouping or a data object, coded.</summary>
/// <param name="Bytes">The coded grouping or object, 1 byte or more.</param>
/// <param name="Encrypted">Whether its data was encrypted under the DEK.</param>
internal readonly record struct StoreDataItem(ByteString Bytes, bool Encrypted)
{
    /// <summary>A data grouping.</summary>
    public static StoreDataItem Of(Dgi grouping, bool encrypted = false) => new(grouping.ToBytes(), encrypted);

    /// <summary>A BER-TLV data object.</summary>
    public static StoreDataItem Of(BerTlv tlv, bool encrypted = false) => new(tlv.ToBytes(), encrypted);

    /// <summary>The length; never the data.</summary>
    public override string ToString() => $"{Bytes.Length} bytes{(Encrypted ? ", encrypted" : "")}";
}

/// <summary>STORE DATA (GPCS §11.11, EMV CPS 1.1 §4.4).</summary>
internal static class StoreData
{
    /// <summary>How many blocks one series has: P2 counts from 00 to FF.</summary>
    public const int MaxBlocks = 256;

    private const byte LastBlock = 0x80;

    /// <summary>
    /// Splits items over commands. One that is longer than a command goes on in the next; its length stands once, at its start (EMV CPS 1.1 §3.2).
    /// Nothing else begins in a command that another item goes on in.
    /// </summary>
    /// <param name="profile">How the card wants it.</param>
    /// <param name="items">What to store, in order.</param>
    /// <param name="last">Whether the series ends here: the last command gets P1 bit 8.</param>
    /// <param name="firstBlock">The block number that the series has come to, 0 at its start.</param>
    /// <exception cref="ArgumentException">No items, an empty one, a <see cref="StoreDataProfile.MaxData"/> outside 1 to 255, or more than 256 blocks in the series.</exception>
    public static ValueList<CommandApdu> Commands(StoreDataProfile profile, IReadOnlyList<StoreDataItem> items, bool last, int firstBlock = 0)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentNullException.ThrowIfNull(items);
        if (profile.MaxData is < 1 or > CommandApdu.MaxShortData) throw new ArgumentException("A command carries 1 to 255 bytes.", nameof(profile));
        if (items.Count == 0 || items.Any(item => item.Bytes.IsEmpty)) throw new ArgumentException("There is nothing to store.", nameof(items));
        var blocks = Split(profile, items);
        if (firstBlock < 0 || firstBlock + blocks.Count > MaxBlocks)
            throw new ArgumentException($"{blocks.Count} blocks from {firstBlock} on; a series has {MaxBlocks}.", nameof(items));

        var commands = new CommandApdu[blocks.Count];
        for (var i = 0; i < commands.Length; i++)
        {
            var p1 = blocks[i].P1 | (last && i == commands.Length - 1 ? LastBlock : 0);
            commands[i] = new CommandApdu(0x80, Instructions.StoreData, (byte)p1, (byte)(firstBlock + i), blocks[i].Data, profile.Le);
        }
        return [.. commands];
    }

    /// <summary>Whether a STORE DATA ends its series.</summary>
    internal static bool IsLast(CommandApdu command) => (command.P1 & LastBlock) != 0;

    private static List<(byte P1, ByteString Data)> Split(StoreDataProfile profile, IReadOnlyList<StoreDataItem> items)
    {
        var blocks = new List<(byte P1, ByteString Data)>();
        var open = false;
        foreach (var item in items)
        {
            var p1 = item.Encrypted ? profile.EncryptedP1 : profile.PlainP1;
            if (open && blocks[^1].P1 == p1 && blocks[^1].Data.Length + item.Bytes.Length <= profile.MaxData)
            {
                blocks[^1] = (p1, ByteString.Concat(blocks[^1].Data, item.Bytes));
                continue;
            }
            for (var at = 0; at < item.Bytes.Length; at += profile.MaxData)
                blocks.Add((p1, item.Bytes.Slice(at, Math.Min(profile.MaxData, item.Bytes.Length - at))));
            open = profile.Packed && item.Bytes.Length <= profile.MaxData;
        }
        return blocks;
    }
}
