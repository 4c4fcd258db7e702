namespace CardIssue.Core.Cards.Diversification;

/// <summary>How a card's three keys come from a master key and the card's key diversification data. A card product names one; it is never guessed.</summary>
public enum KeyDiversification
{
    /// <summary>The card holds the master key itself, three times.</summary>
    None,
    /// <summary>EMV CPS 1.1 §4.1: 3DES over the last six bytes of the diversification data.</summary>
    EmvCps,
    /// <summary>VISA2: 3DES over bytes 0, 1 and 4 to 7 of the diversification data.</summary>
    Visa2,
    /// <summary>KDF3: AES-CMAC in counter mode over the diversification data (GlobalPlatformPro's name).</summary>
    Kdf3,
}

/// <summary>Which of a card's three keys. The number goes into the derivation.</summary>
internal enum CardKeyPurpose : byte
{
    /// <summary>Encryption, Key-ENC.</summary>
    Enc = 1,
    /// <summary>Message authentication, Key-MAC.</summary>
    Mac = 2,
    /// <summary>Data encryption, Key-DEK.</summary>
    Dek = 3,
}
