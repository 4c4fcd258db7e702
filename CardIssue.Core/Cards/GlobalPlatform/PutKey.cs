using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.GlobalPlatform;

/// <summary>A key as PUT KEY carries it: encrypted under the card's DEK, with what is public of it.</summary>
/// <param name="Type">Key type (GPCS table 11-16): 80 for triple DES, 88 for AES.</param>
/// <param name="Length">The clear key's length in bytes.</param>
/// <param name="Encrypted">The key under the DEK, whole blocks.</param>
/// <param name="CheckValue">Its check value, 3 bytes (GPCS App. B).</param>
public readonly record struct EncryptedKey(byte Type, int Length, ByteString Encrypted, ByteString CheckValue);

/// <summary>PUT KEY (GPCS §11.8, Amendment D §7.2): keys of one version, added or put in the place of others.</summary>
internal static class PutKey
{
    /// <summary>P1 of a command that adds keys and replaces none.</summary>
    public const byte AddNew = 0x00;

    /// <summary>The highest key version number that a key can be given or replaced under; P1 has 7 bits for it (GPCS §11.8.2.1).</summary>
    public const byte LastVersion = 0x7F;

    /// <summary>The keys of a secure channel: 1 ENC, 2 MAC, 3 DEK.</summary>
    public const byte FirstKey = 1, LastKey = 3;

    /// <summary>Key type of triple DES, in a mode that is known otherwise.</summary>
    public const byte Des = 0x80;

    /// <summary>Key type of AES.</summary>
    public const byte Aes = 0x88;

    private const byte Several = 0x80;

    /// <summary>
    /// The command. An AES key stands behind its own length (GPCS table 11-70, Amendment D §7.2), a triple DES key alone (table 11-71): the
    /// forms that all cards take.
    /// </summary>
    /// <param name="replaced">The version whose keys are replaced; <see cref="AddNew"/> for none.</param>
    /// <param name="version">The version that the keys get, 01 to 7F.</param>
    /// <param name="firstKey">The identifier of the first key; those after it follow.</param>
    /// <param name="keys">One key or more.</param>
    /// <exception cref="ArgumentException">No keys, or a version out of range.</exception>
    public static CommandApdu Command(byte replaced, byte version, byte firstKey, params ReadOnlySpan<EncryptedKey> keys)
    {
        if (keys.IsEmpty) throw new ArgumentException("There is no key to put.", nameof(keys));
        if (version is 0 or > LastVersion || replaced > LastVersion)
            throw new ArgumentException(
                $"PUT KEY names versions 01 to {LastVersion:X2}, not {version:X2} in the place of {replaced:X2}.", nameof(version));
        var data = new List<byte> { version };
        foreach (var key in keys) Add(data, key);
        var p2 = (byte)(firstKey | (keys.Length > 1 ? Several : 0));
        return new CommandApdu(0x80, Instructions.PutKey, replaced, p2, ByteString.Own([.. data]), CommandApdu.MaxShortLe);
    }

    /// <summary>
    /// What the card answers when it took the keys of a command: their version and, of each, the check value (GPCS §11.8.3.1).
    /// </summary>
    /// <param name="command">A command as <see cref="Command"/> makes it.</param>
    public static ByteString AnswerTo(CommandApdu command)
    {
        var data = command.Data.Span;
        var answer = new List<byte> { data[0] };
        for (var at = 1; at < data.Length;)
        {
            at += 2 + data[at + 1];
            answer.AddRange(data.Slice(at + 1, data[at]));
            at += 1 + data[at];
        }
        return ByteString.Own([.. answer]);
    }

    private static void Add(List<byte> data, EncryptedKey key)
    {
        var block = key.Encrypted.Span;
        data.Add(key.Type);
        if (key.Type == Aes) data.AddRange([(byte)(block.Length + 1), (byte)key.Length, .. block]);
        else data.AddRange([(byte)block.Length, .. block]);
        data.AddRange([(byte)key.CheckValue.Length, .. key.CheckValue.Span]);
    }
}
