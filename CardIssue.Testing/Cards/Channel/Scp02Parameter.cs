namespace CardIssue.Testing.Cards.Channel;

/// <summary>SCP02's parameter "i" (GPCS table E-1).</summary>
internal readonly record struct Scp02Parameter(byte Value)
{
    public bool HasThreeKeys => (Value & 0x01) != 0;

    /// <summary>The C-MAC is over the command as it was before.</summary>
    public bool MacsUnmodified => (Value & 0x02) != 0;

    /// <summary>Opened by INITIALIZE UPDATE and EXTERNAL AUTHENTICATE.</summary>
    public bool IsExplicit => (Value & 0x04) != 0;

    public bool HasIcvOverAid => (Value & 0x08) != 0;

    public bool EncryptsIcv => (Value & 0x10) != 0;

    public bool HasResponseMac => (Value & 0x20) != 0;

    public bool HasPseudoRandomChallenge => (Value & 0x40) != 0;
}
