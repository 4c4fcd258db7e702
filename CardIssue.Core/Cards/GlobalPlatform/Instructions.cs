namespace CardIssue.Core.Cards.GlobalPlatform;

/// <summary>Instruction bytes of GlobalPlatform cards (GPCS 2.3.1 §11).</summary>
internal static class Instructions
{
    /// <summary>INITIALIZE UPDATE.</summary>
    public const byte InitializeUpdate = 0x50;
    /// <summary>MANAGE CHANNEL.</summary>
    public const byte ManageChannel = 0x70;
    /// <summary>EXTERNAL AUTHENTICATE.</summary>
    public const byte ExternalAuthenticate = 0x82;
    /// <summary>SELECT.</summary>
    public const byte Select = 0xA4;
    /// <summary>GET DATA.</summary>
    public const byte GetData = 0xCA;
    /// <summary>PUT KEY.</summary>
    public const byte PutKey = 0xD8;
    /// <summary>STORE DATA.</summary>
    public const byte StoreData = 0xE2;
    /// <summary>DELETE.</summary>
    public const byte Delete = 0xE4;
    /// <summary>INSTALL.</summary>
    public const byte Install = 0xE6;
    /// <summary>LOAD.</summary>
    public const byte Load = 0xE8;
    /// <summary>SET STATUS.</summary>
    public const byte SetStatus = 0xF0;
    /// <summary>GET STATUS.</summary>
    public const byte GetStatus = 0xF2;
}
