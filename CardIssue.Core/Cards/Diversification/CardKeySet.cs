using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Diversification;

/// <summary>The three access keys of one card. Owns them: they are zeroed with it.</summary>
internal sealed class CardKeySet : IDisposable
{
    /// <summary>Takes over three keys.</summary>
    /// <param name="enc">Key-ENC.</param>
    /// <param name="mac">Key-MAC, of the same length.</param>
    /// <param name="dek">Key-DEK, of the same length.</param>
    /// <exception cref="ArgumentException">The lengths differ, or are not 16, 24 or 32 bytes.</exception>
    public CardKeySet(SecretBytes enc, SecretBytes mac, SecretBytes dek)
    {
        ArgumentNullException.ThrowIfNull(enc);
        ArgumentNullException.ThrowIfNull(mac);
        ArgumentNullException.ThrowIfNull(dek);
        if (enc.Length is not (16 or 24 or 32) || mac.Length != enc.Length || dek.Length != enc.Length)
            throw new ArgumentException("The three keys of a card have one length: 16, 24 or 32 bytes.");
        (Enc, Mac, Dek) = (enc, mac, dek);
    }

    /// <summary>Key-ENC.</summary>
    public SecretBytes Enc { get; }

    /// <summary>Key-MAC.</summary>
    public SecretBytes Mac { get; }

    /// <summary>Key-DEK.</summary>
    public SecretBytes Dek { get; }

    /// <summary>Length of each key in bytes.</summary>
    public int KeyLength => Enc.Length;

    /// <summary>Zeroes the keys.</summary>
    public void Dispose()
    {
        Enc.Dispose();
        Mac.Dispose();
        Dek.Dispose();
    }

    /// <summary>Says only how long the keys are.</summary>
    public override string ToString() => $"three keys of {KeyLength} bytes";
}
