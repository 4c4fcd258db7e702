namespace CardIssue.Testing.Cards.Crypto;

/// <summary>How a card's own keys come from a master key and its key diversification data.</summary>
public enum Diversification
{
    /// <summary>The master key itself is the card's ENC, MAC and DEK.</summary>
    None,
    /// <summary>AES-CMAC in counter mode, as GlobalPlatformPro has it.</summary>
    Kdf3,
    /// <summary>EMV CPS 1.1 4.1.1.6, triple DES.</summary>
    Emv,
    /// <summary>VISA2, triple DES.</summary>
    Visa2,
}

/// <summary>Derives card keys.</summary>
internal static class Diversified
{
    /// <summary>Key number 1 ENC, 2 MAC or 3 DEK of the card with these 10 bytes of diversification data.</summary>
    public static byte[] Key(Diversification method, ReadOnlySpan<byte> master, ReadOnlySpan<byte> kdd, byte number) => method switch
    {
        Diversification.None => master.ToArray(),
        Diversification.Kdf3 => Kdf3(master, kdd, number),
        Diversification.Emv => Des(master, kdd[4..], number),
        Diversification.Visa2 => Des(master, [.. kdd[..2], .. kdd[4..8]], number),
    };

    private static byte[] Kdf3(ReadOnlySpan<byte> master, ReadOnlySpan<byte> kdd, byte number)
    {
        var key = new List<byte>();
        for (byte i = 1; key.Count < master.Length; i++) key.AddRange(CardCrypto.Cmac(master, [i, 0, 0, 0, number, 0, .. kdd]));
        return [.. key.Take(master.Length)];
    }

    private static byte[] Des(ReadOnlySpan<byte> master, ReadOnlySpan<byte> six, byte number) =>
        CardCrypto.EncryptTripleDes(master, [.. six, 0xF0, number, .. six, 0x0F, number]);
}
