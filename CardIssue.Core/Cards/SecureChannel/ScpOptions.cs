namespace CardIssue.Core.Cards.SecureChannel;

/// <summary>What the parameter "i" of a secure channel protocol says (GPCS table E-1 for SCP02, Amendment D table 5-1 for SCP03).</summary>
/// <param name="Protocol">The protocol: the same bit means something else in each.</param>
/// <param name="Value">The parameter.</param>
public readonly record struct ScpOptions(ScpProtocol Protocol, byte Value)
{
    private const byte S16Bit = 0x01, PseudoRandom03Bit = 0x10, RMac03Bit = 0x20, REnc03Bit = 0x40;
    private const byte ThreeKeysBit = 0x01, UnmodifiedBit = 0x02, ExplicitBit = 0x04, IcvOverAidBit = 0x08, IcvEncryptionBit = 0x10, RMac02Bit = 0x20,
        PseudoRandom02Bit = 0x40;
    private const byte Unused02Bits = 0x80, Unused03Bits = 0x8E;

    private bool Is02 => Protocol is ScpProtocol.Scp02;

    /// <summary>SCP03: challenges, cryptograms and MACs have 16 bytes (Amendment D 1.2), not 8.</summary>
    public bool IsS16 => !Is02 && (Value & S16Bit) != 0;

    /// <summary>Length of the host challenge in bytes.</summary>
    public int ChallengeLength => IsS16 ? 16 : 8;

    /// <summary>SCP02: the set has three keys; without it one key stands for all of them.</summary>
    public bool HasThreeKeys => !Is02 || (Value & ThreeKeysBit) != 0;

    /// <summary>SCP02: the C-MAC is over the command as it was before the MAC was put in, not with class and length as they are sent.</summary>
    public bool MacsUnmodified => Is02 && (Value & UnmodifiedBit) != 0;

    /// <summary>SCP02 opened by INITIALIZE UPDATE and EXTERNAL AUTHENTICATE, as SCP03 always is; else by the first command that has a C-MAC.</summary>
    public bool IsExplicit => !Is02 || (Value & ExplicitBit) != 0;

    /// <summary>SCP02, opened implicitly: the first ICV is a MAC over the AID of what is selected, not zeros.</summary>
    public bool HasIcvOverAid => Is02 && (Value & IcvOverAidBit) != 0;

    /// <summary>SCP02: a C-MAC is encrypted before it is the next one's ICV.</summary>
    public bool EncryptsIcv => Is02 && (Value & IcvEncryptionBit) != 0;

    /// <summary>Whether the challenge comes from the sequence counter and the AID, not from a random generator.</summary>
    public bool HasPseudoRandomChallenge => (Value & (Is02 ? PseudoRandom02Bit : PseudoRandom03Bit)) != 0;

    /// <summary>Whether the card can protect its responses as a level asks.</summary>
    internal bool Supports(SecurityLevel level) => IsLevel(Protocol, level)
        && (!level.HasRMac() || (Value & (Is02 ? RMac02Bit : RMac03Bit)) != 0) && (!level.HasREnc() || (Value & REnc03Bit) != 0);

    /// <summary>Whether the standard has such options: no unknown bit, and in SCP03 R-ENC only with R-MAC.</summary>
    public bool Exist => Is02 ? (Value & Unused02Bits) == 0 : (Value & Unused03Bits) == 0 && (Value & (RMac03Bit | REnc03Bit)) != REnc03Bit;

    /// <summary>Whether a protocol has that security level (GPCS table E-11, Amendment D table 7-5).</summary>
    internal static bool IsLevel(ScpProtocol protocol, SecurityLevel level) => level switch
    {
        SecurityLevel.None or SecurityLevel.CMac or SecurityLevel.CMacCEnc or SecurityLevel.CMacRMac or SecurityLevel.CMacCEncRMac => true,
        SecurityLevel.RMac => protocol is ScpProtocol.Scp02,
        SecurityLevel.CMacCEncRMacREnc => protocol is ScpProtocol.Scp03,
        _ => false,
    };

    /// <summary>Protocol and parameter, as a card's recognition data names them.</summary>
    public override string ToString() => $"SCP{(byte)Protocol:X2} i={Value:X2}";
}
