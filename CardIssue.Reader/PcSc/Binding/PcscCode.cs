namespace CardIssue.Reader.PcSc.Binding;

/// <summary>What PC/SC calls return (PC/SC part 5; 32 bits everywhere, pcsc-lite's longs are masked).</summary>
internal enum PcscCode : uint
{
    Success = 0,

    /// <summary>Windows' own ERROR_INVALID_HANDLE: comes when its service was stopped.</summary>
    WindowsInvalidHandle = 6,
    InternalError = 0x80100001,
    Cancelled = 0x80100002,
    InvalidHandle = 0x80100003,
    InsufficientBuffer = 0x80100008,
    UnknownReader = 0x80100009,
    Timeout = 0x8010000A,
    SharingViolation = 0x8010000B,
    NoCard = 0x8010000C,
    ProtocolMismatch = 0x8010000F,
    NotReady = 0x80100010,
    SystemCancelled = 0x80100012,
    CommunicationError = 0x80100013,
    NotTransacted = 0x80100016,
    ReaderUnavailable = 0x80100017,
    CardUnsupported = 0x8010001C,
    NoService = 0x8010001D,
    ServiceStopped = 0x8010001E,
    NoReaders = 0x8010002E,
    UnresponsiveCard = 0x80100066,
    UnpoweredCard = 0x80100067,
    ResetCard = 0x80100068,
    RemovedCard = 0x80100069,
}

/// <summary>How a card is shared among programs.</summary>
internal enum PcscShare : uint
{
    Exclusive = 1,
    Shared = 2,

    /// <summary>With the reader, whether a card is in or not.</summary>
    Direct = 3,
}

/// <summary>Transmission protocols (ISO 7816-3), as PC/SC numbers them.</summary>
[Flags]
internal enum PcscProtocols : uint
{
    None = 0,
    T0 = 1,
    T1 = 2,
}

/// <summary>What becomes of the card at the end of a connection, or at the beginning of a new one.</summary>
internal enum PcscDisposition : uint
{
    Leave = 0,
    Reset = 1,
    Unpower = 2,
}

/// <summary>A reader's state; the upper 16 bits count cards coming and going (not on macOS).</summary>
[Flags]
internal enum PcscState : uint
{
    Unaware = 0,
    Ignore = 0x01,
    Changed = 0x02,
    Unknown = 0x04,
    Unavailable = 0x08,
    Empty = 0x10,
    Present = 0x20,
    Exclusive = 0x80,
    InUse = 0x100,
    Mute = 0x200,
}

/// <summary>Attributes of a reader (PC/SC part 3).</summary>
internal enum PcscAttribute : uint
{
    VendorName = 0x00010100,
    InterfaceDeviceType = 0x00010101,
    InterfaceDeviceVersion = 0x00010102,
    InterfaceDeviceSerial = 0x00010103,
    Channel = 0x00020110,
}
