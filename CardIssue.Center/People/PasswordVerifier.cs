using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CardIssue.Center.Vault;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.People;

/// <summary>
/// What the store keeps instead of a password: Argon2id (RFC 9106), then an HMAC keyed in the vault over the name and that. So nobody can guess from the
/// store's file alone. Layout: version 01 (1) ‖ memory in KiB (4) ‖ passes (4) ‖ lanes (4) ‖ salt (16) ‖ HMAC (32); big-endian.
/// </summary>
internal static class PasswordVerifier
{
    private const int SaltAt = 13, SaltLength = 16, MacAt = SaltAt + SaltLength, MacLength = 32, Length = MacAt + MacLength;
    private const byte Version = 1;

    public static ByteString Make(IRecordKeys keys, PersonName name, SecretBytes password, Argon2Cost cost)
    {
        var verifier = Head(cost, RandomNumberGenerator.GetBytes(SaltLength));
        Mac(keys, name, password, cost, verifier.AsSpan(SaltAt, SaltLength)).Span.CopyTo(verifier.AsSpan(MacAt));
        return ByteString.Own(verifier);
    }

    /// <summary>For a name that nobody has: fits no password, and costs as much to find out.</summary>
    public static ByteString Decoy(IRecordKeys keys, PersonName name, Argon2Cost cost) => ByteString.Own(Head(
        cost, new RecordMac("CardIssue decoy v1").Text(name.Folded).Make(keys).Span[..SaltLength]));

    /// <summary>Whether the password is the one; slow on purpose.</summary>
    public static bool Fits(IRecordKeys keys, PersonName name, SecretBytes password, ByteString verifier)
    {
        if (verifier.Length != Length || verifier.Span[0] != Version) return false;
        var cost = new Argon2Cost(Number(verifier, 1), Number(verifier, 5), Number(verifier, 9));
        return CryptographicOperations.FixedTimeEquals(
            Mac(keys, name, password, cost, verifier.Span.Slice(SaltAt, SaltLength)).Span, verifier.Span[MacAt..]);
    }

    /// <summary>What is wrong with a new password, or null. Never quotes it.</summary>
    public static PasswordFault Fault(PersonName name, SecretBytes password, PeopleOptions options)
    {
        var text = GC.AllocateUninitializedArray<char>(Encoding.UTF8.GetMaxCharCount(PeopleOptions.MaxPassword), pinned: true);
        try
        {
            if (password.Length > PeopleOptions.MaxPassword) return PasswordFault.TooLong;
            var chars = text.AsSpan(0, Encoding.UTF8.GetChars(password.Span, text));
            if (chars.Length < options.MinPassword) return PasswordFault.TooShort;
            // With the name taken out it must still be long enough.
            var at = ((ReadOnlySpan<char>)chars).IndexOf(name.Value, StringComparison.OrdinalIgnoreCase);
            if (at >= 0 && chars.Length - name.Value.Length < options.MinPassword) return PasswordFault.IsName;
            return chars.ContainsAnyExcept(chars[0]) ? PasswordFault.None : PasswordFault.TooShort;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(text.AsSpan()));
        }
    }

    private static byte[] Head(Argon2Cost cost, ReadOnlySpan<byte> salt)
    {
        var head = new byte[Length];
        head[0] = Version;
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(1), cost.MemoryKiB);
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(5), cost.Passes);
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(9), cost.Lanes);
        salt.CopyTo(head.AsSpan(SaltAt));
        return head;
    }

    private static ByteString Mac(IRecordKeys keys, PersonName name, SecretBytes password, Argon2Cost cost, ReadOnlySpan<byte> salt)
    {
        using var slow = cost.Derive(password, salt);
        return new RecordMac("CardIssue password v1").Text(name.Folded).Bytes(slow.Span).Make(keys);
    }

    private static int Number(ByteString verifier, int at) => BinaryPrimitives.ReadInt32BigEndian(verifier.Span[at..]);
}
