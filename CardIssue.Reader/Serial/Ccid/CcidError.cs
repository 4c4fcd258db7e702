namespace CardIssue.Reader.Serial.Ccid;

/// <summary>Why a reader could not do what it was asked (bError, CCID 1.1 §6.2.6 and table 6.2-2). From 01 to 7F it is the index of the byte of the command that is wrong.</summary>
internal enum CcidError : byte
{
    Unsupported = 0x00,
    BadLength = 0x01,
    BadSlot = 0x05,
    BadSpecific = 0x07,
    ShortCircuit = 0xA2,
    AtrTooLong = 0xA3,
    EmvAtr = 0xBB,
    SlotBusy = 0xE0,
    PinCancelled = 0xEF,
    PinTimeout = 0xF0,
    BusyWithAutomaticSequence = 0xF2,
    ProtocolDeactivated = 0xF3,
    ProcedureByteConflict = 0xF4,
    ClassNotSupported = 0xF5,
    ProtocolNotSupported = 0xF6,
    BadTck = 0xF7,
    BadTs = 0xF8,
    Hardware = 0xFB,
    Overrun = 0xFC,
    Parity = 0xFD,
    Mute = 0xFE,
    Aborted = 0xFF,
}

/// <summary>What a <see cref="CcidError"/> means.</summary>
internal static class CcidErrors
{
    public static string Describe(this CcidError error) => error switch
    {
        CcidError.Unsupported => "the reader does not know the command",
        CcidError.BadSlot => "there is no such slot",
        CcidError.ShortCircuit => "the card is short-circuited",
        CcidError.AtrTooLong => "the answer to reset is too long",
        CcidError.EmvAtr => "the answer to reset is not EMV's and the reader is in EMV mode",
        CcidError.SlotBusy or CcidError.BusyWithAutomaticSequence => "the slot is busy",
        CcidError.PinCancelled => "the PIN entry was cancelled",
        CcidError.PinTimeout => "no PIN was entered in time",
        CcidError.ProtocolDeactivated => "the protocol is switched off",
        CcidError.ProcedureByteConflict => "the card sent a procedure byte that fits nothing",
        CcidError.ClassNotSupported => "the card's class is not supported",
        CcidError.ProtocolNotSupported => "the protocol is not supported",
        CcidError.BadTck => "the answer to reset has a wrong check byte",
        CcidError.BadTs => "the answer to reset has a wrong first byte",
        CcidError.Hardware => "the reader's hardware failed",
        CcidError.Overrun => "bytes from the card were lost",
        CcidError.Parity => "the card's bytes have wrong parity",
        CcidError.Mute => "the card is mute",
        CcidError.Aborted => "the command was aborted",
        > 0 and < (CcidError)0x80 => $"byte {(byte)error} of the command is not accepted",
        _ => $"error {(byte)error:X2}",
    };
}
