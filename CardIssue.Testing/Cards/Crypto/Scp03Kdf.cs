namespace CardIssue.Testing.Cards.Crypto;

/// <summary>The data derivation of SCP03 (GPC Amd D 4.1.5): SP 800-108 in counter mode with AES-CMAC.</summary>
internal static class Scp03Kdf
{
    public const byte CardCryptogram = 0x00;
    public const byte HostCryptogram = 0x01;
    public const byte CardChallenge = 0x02;
    public const byte SessionEnc = 0x04;
    public const byte SessionMac = 0x06;
    public const byte SessionRmac = 0x07;

    /// <summary>Derives <paramref name="length"/> bytes.</summary>
    /// <param name="constant">What for: one of the constants of this class.</param>
    public static byte[] Derive(ReadOnlySpan<byte> key, byte constant, int length, ReadOnlySpan<byte> context)
    {
        var derived = new List<byte>();
        var bits = length * 8;
        for (byte i = 1; derived.Count < length; i++)
        {
            byte[] input = [.. new byte[11], constant, 0, (byte)(bits >> 8), (byte)bits, i, .. context];
            derived.AddRange(CardCrypto.Cmac(key, input));
        }
        return [.. derived.Take(length)];
    }
}
