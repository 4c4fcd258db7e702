using System.Collections.Frozen;
using CardIssue.Core.Cards.Tlv;
using static CardIssue.Core.Cards.Products.Emv.EmvFormat;
using static CardIssue.Core.Cards.Products.Emv.EmvRule;

namespace CardIssue.Core.Cards.Products.Emv;

/// <summary>
/// The data elements dictionary of EMV: every tag that Book 3 annex A defines, of the card, the terminal and the issuer. Tags that it does not
/// define are the payment system's or the issuer's own, and pass. Where the standard says "var.", the limit is what one record or response holds
/// (252 bytes, Book 3 §5.3).
/// </summary>
internal static class EmvDictionary
{
    /// <summary>EMV 4.3, November 2011.</summary>
    private const string Book3 = "EMV 4.3 Book 3 annex A";

    /// <summary>EMV 4.4, October 2022: what it added.</summary>
    private const string Book3V44 = "EMV 4.4 Book 3 annex A";

    /// <summary>The most bytes of a value whose length is variable, and of a modulus (Book 2 §5: 1,984 bits).</summary>
    private const int Var = 252, Modulus = 248;

    private static readonly EmvDataObject[] Rows =
    [
        new(0x42, "Issuer Identification Number", N, 3, 3, Book3, Digits: 6),
        new(0x4F, "ADF Name", B, 5, 16, Book3),
        new(0x50, "Application Label", Ans, 1, 16, Book3, Label),
        new(0x57, "Track 2 Equivalent Data", B, 1, 19, Book3, EmvRule.Track2),
        new(0x5A, "Application PAN", Cn, 1, 10, Book3, EmvRule.Pan),
        new(0x61, "Application Template", EmvFormat.Var, 0, Var, Book3),
        new(0x6F, "FCI Template", EmvFormat.Var, 0, Var, Book3),
        new(0x70, "READ RECORD Response Message Template", EmvFormat.Var, 0, Var, Book3),
        new(0x71, "Issuer Script Template 1", EmvFormat.Var, 0, Var, Book3),
        new(0x72, "Issuer Script Template 2", EmvFormat.Var, 0, Var, Book3),
        new(0x73, "Directory Discretionary Template", EmvFormat.Var, 0, Var, Book3),
        new(0x77, "Response Message Template Format 2", EmvFormat.Var, 0, Var, Book3),
        new(0x80, "Response Message Template Format 1", B, 0, Var, Book3),
        new(0x81, "Amount, Authorised (Binary)", B, 4, 4, Book3),
        new(0x82, "AIP", B, 2, 2, Book3),
        new(0x83, "Command Template", B, 0, Var, Book3),
        new(0x84, "DF Name", B, 5, 16, Book3),
        new(0x86, "Issuer Script Command", B, 4, 261, Book3),
        new(0x87, "Application Priority Indicator", B, 1, 1, Book3),
        new(0x88, "SFI", B, 1, 1, Book3, ShortFile),
        new(0x89, "Authorisation Code", B, 6, 6, Book3),
        new(0x8A, "Authorisation Response Code", An, 2, 2, Book3),
        new(0x8C, "CDOL1", B, 1, Var, Book3, ObjectList),
        new(0x8D, "CDOL2", B, 1, Var, Book3, ObjectList),
        new(0x8E, "CVM list", B, 10, Var, Book3, CvmList),
        new(0x8F, "CA Public Key Index", B, 1, 1, Book3),
        new(0x90, "Issuer Public Key Certificate", B, 1, Modulus, Book3),
        new(0x91, "Issuer Authentication Data", B, 8, 16, Book3),
        new(0x92, "Issuer Public Key Remainder", B, 0, Modulus, Book3),
        new(0x93, "Signed Static Application Data", B, 1, Modulus, Book3),
        new(0x94, "AFL", EmvFormat.Var, 4, Var, Book3, FileLocator),
        new(0x95, "TVR", B, 5, 5, Book3),
        new(0x97, "TDOL", B, 1, Var, Book3, ObjectList),
        new(0x98, "TC Hash Value", B, 20, 20, Book3),
        new(0x99, "Transaction PIN Data", B, 1, Var, Book3),
        new(0x9A, "Transaction Date", N, 3, 3, Book3, Date),
        new(0x9B, "TSI", B, 2, 2, Book3),
        new(0x9C, "Transaction Type", N, 1, 1, Book3, Digits: 2),
        new(0x9D, "DDF Name", B, 5, 16, Book3),
        new(0xA1, "Biometric Header Template", EmvFormat.Var, 0, Var, Book3V44),
        new(0xA5, "FCI Proprietary Template", EmvFormat.Var, 0, Var, Book3),
        new(0x5F20, "Cardholder Name", Ans, 2, 26, Book3),
        new(0x5F24, "Application Expiration Date", N, 3, 3, Book3, Date),
        new(0x5F25, "Application Effective Date", N, 3, 3, Book3, Date),
        new(0x5F28, "Issuer Country Code", N, 2, 2, Book3, Digits: 3),
        new(0x5F2A, "Transaction Currency Code", N, 2, 2, Book3, Digits: 3),
        new(0x5F2D, "Language Preference", An, 2, 8, Book3, Languages),
        new(0x5F30, "Service Code", N, 2, 2, Book3, ServiceCode, Digits: 3),
        new(0x5F34, "Application PAN Sequence Number", N, 1, 1, Book3, Digits: 2),
        new(0x5F36, "Transaction Currency Exponent", N, 1, 1, Book3, Digits: 1),
        new(0x5F50, "Issuer URL", Ans, 1, Var, Book3),
        new(0x5F53, "IBAN", An, 1, 34, Book3),
        new(0x5F54, "BIC", An, 8, 11, Book3, MinOrMax),
        new(0x5F55, "Issuer Country Code (alpha2 format)", A, 2, 2, Book3),
        new(0x5F56, "Issuer Country Code (alpha3 format)", A, 3, 3, Book3),
        new(0x5F57, "Account Type", N, 1, 1, Book3, Digits: 2),
        new(0x7F60, "Biometric Information Template", EmvFormat.Var, 0, Var, Book3V44),
        new(0x9F01, "Acquirer Identifier", N, 6, 6, Book3, Digits: 11),
        new(0x9F02, "Amount, Authorised (Numeric)", N, 6, 6, Book3, Digits: 12),
        new(0x9F03, "Amount, Other (Numeric)", N, 6, 6, Book3, Digits: 12),
        new(0x9F04, "Amount, Other (Binary)", B, 4, 4, Book3),
        new(0x9F05, "Application Discretionary Data", B, 1, 32, Book3),
        new(0x9F06, "AID of the terminal", B, 5, 16, Book3),
        new(0x9F07, "Application Usage Control", B, 2, 2, Book3),
        new(0x9F08, "Application Version Number", B, 2, 2, Book3),
        new(0x9F09, "Application Version Number of the terminal", B, 2, 2, Book3),
        new(0x9F0A, "Application Selection Registered Proprietary Data", B, 1, Var, Book3V44),
        new(0x9F0B, "Cardholder Name Extended", Ans, 27, 45, Book3),
        new(0x9F0C, "Issuer Identification Number Extended", N, 3, 4, Book3V44),
        new(0x9F0D, "Issuer Action Code - Default", B, 5, 5, Book3),
        new(0x9F0E, "Issuer Action Code - Denial", B, 5, 5, Book3),
        new(0x9F0F, "Issuer Action Code - Online", B, 5, 5, Book3),
        new(0x9F10, "Issuer Application Data", B, 1, 32, Book3),
        new(0x9F11, "Issuer Code Table Index", N, 1, 1, Book3, CodeTable, Digits: 2),
        new(0x9F12, "Application Preferred Name", EmvFormat.Var, 1, 16, Book3, PreferredName),
        new(0x9F13, "Last Online ATC Register", B, 2, 2, Book3),
        new(0x9F14, "Lower Consecutive Offline Limit", B, 1, 1, Book3),
        new(0x9F15, "Merchant Category Code", N, 2, 2, Book3, Digits: 4),
        new(0x9F16, "Merchant Identifier", Ans, 15, 15, Book3),
        new(0x9F17, "PIN Try Counter", B, 1, 1, Book3),
        new(0x9F18, "Issuer Script Identifier", B, 4, 4, Book3),
        new(0x9F19, "Token Requestor ID", N, 6, 6, Book3V44, Digits: 11),
        new(0x9F1A, "Terminal Country Code", N, 2, 2, Book3, Digits: 3),
        new(0x9F1B, "Terminal Floor Limit", B, 4, 4, Book3),
        new(0x9F1C, "Terminal Identification", An, 8, 8, Book3),
        new(0x9F1D, "Terminal Risk Management Data", B, 1, 8, Book3),
        new(0x9F1E, "IFD Serial Number", An, 8, 8, Book3),
        new(0x9F1F, "Track 1 Discretionary Data", Ans, 1, Var, Book3),
        new(0x9F20, "Track 2 Discretionary Data", Cn, 1, Var, Book3),
        new(0x9F21, "Transaction Time", N, 3, 3, Book3, Time),
        new(0x9F22, "CA Public Key Index of the terminal", B, 1, 1, Book3),
        new(0x9F23, "Upper Consecutive Offline Limit", B, 1, 1, Book3),
        new(0x9F24, "Payment Account Reference", An, 29, 29, Book3V44),
        new(0x9F25, "Last 4 Digits of PAN", N, 2, 2, Book3V44, Digits: 4),
        new(0x9F26, "Application Cryptogram", B, 8, 8, Book3),
        new(0x9F27, "Cryptogram Information Data", B, 1, 1, Book3),
        new(0x9F2D, "ICC PIN Encipherment Public Key Certificate", B, 1, Modulus, Book3),
        new(0x9F2E, "ICC PIN Encipherment Public Key Exponent", B, 1, 3, Book3, MinOrMax),
        new(0x9F2F, "ICC PIN Encipherment Public Key Remainder", B, 0, Modulus, Book3),
        new(0x9F30, "Biometric Terminal Capabilities", B, 3, 3, Book3V44),
        new(0x9F31, "Card BIT Group Template", B, 0, Var, Book3V44),
        new(0x9F32, "Issuer Public Key Exponent", B, 1, 3, Book3),
        new(0x9F33, "Terminal Capabilities", B, 3, 3, Book3),
        new(0x9F34, "CVM Results", B, 3, 3, Book3),
        new(0x9F35, "Terminal Type", N, 1, 1, Book3, Digits: 2),
        new(0x9F36, "ATC", B, 2, 2, Book3),
        new(0x9F37, "Unpredictable Number", B, 4, 4, Book3),
        new(0x9F38, "PDOL", B, 1, Var, Book3, ObjectList),
        new(0x9F39, "POS Entry Mode", N, 1, 1, Book3, Digits: 2),
        new(0x9F3A, "Amount, Reference Currency", B, 4, 4, Book3),
        new(0x9F3B, "Application Reference Currency", N, 2, 8, Book3, Digits: 3),
        new(0x9F3C, "Transaction Reference Currency Code", N, 2, 2, Book3, Digits: 3),
        new(0x9F3D, "Transaction Reference Currency Exponent", N, 1, 1, Book3, Digits: 1),
        new(0x9F40, "Additional Terminal Capabilities", B, 5, 5, Book3),
        new(0x9F41, "Transaction Sequence Counter", N, 2, 4, Book3),
        new(0x9F42, "Application Currency Code", N, 2, 2, Book3, Digits: 3),
        new(0x9F43, "Application Reference Currency Exponent", N, 1, 4, Book3, Digits: 1),
        new(0x9F44, "Application Currency Exponent", N, 1, 1, Book3, Digits: 1),
        new(0x9F45, "Data Authentication Code", B, 2, 2, Book3),
        new(0x9F46, "ICC Public Key Certificate", B, 1, Modulus, Book3),
        new(0x9F47, "ICC Public Key Exponent", B, 1, 3, Book3),
        new(0x9F48, "ICC Public Key Remainder", B, 0, Modulus, Book3),
        new(0x9F49, "DDOL", B, 1, Var, Book3, ObjectList),
        new(0x9F4A, "SDA Tag List", B, 1, Var, Book3, TagList),
        new(0x9F4B, "Signed Dynamic Application Data", B, 1, Modulus, Book3),
        new(0x9F4C, "ICC Dynamic Number", B, 2, 8, Book3),
        new(0x9F4D, "Log Entry", B, 2, 2, Book3, LogEntry),
        new(0x9F4E, "Merchant Name and Location", Ans, 1, Var, Book3),
        new(0x9F4F, "Log Format", B, 1, Var, Book3, ObjectList),
        new(0xBF0C, "FCI Issuer Discretionary Data", EmvFormat.Var, 0, 222, Book3),
        new(0xBF4A, "Offline BIT Group Template", EmvFormat.Var, 0, Var, Book3V44),
        new(0xBF4B, "Online BIT Group Template", EmvFormat.Var, 0, Var, Book3V44),
        new(0xBF4C, "Biometric Try Counters Template", EmvFormat.Var, 0, Var, Book3V44),
        new(0xBF4D, "Preferred Attempts Template", EmvFormat.Var, 0, Var, Book3V44),
        new(0xBF4E, "Biometric Verification Data Template", EmvFormat.Var, 0, Var, Book3V44),
    ];

    /// <summary>
    /// Templates whose data objects are those of this dictionary. In a biometric one, 81, 82 and 90 have other meanings; in others, whatever their
    /// owner says.
    /// </summary>
    private static readonly FrozenSet<uint> Templates = new uint[] { 0x61, 0x6F, 0x70, 0x71, 0x72, 0x73, 0x77, 0xA5, 0xBF0C }.ToFrozenSet();

    private static readonly FrozenDictionary<BerTag, EmvDataObject> ByTag = Rows.ToFrozenDictionary(row => row.Tag);

    /// <summary>All rows, by tag within each length of tags.</summary>
    public static IReadOnlyList<EmvDataObject> All => Rows;

    /// <summary>The row of a tag; null when EMV does not define it.</summary>
    public static EmvDataObject? Find(BerTag tag) => ByTag.GetValueOrDefault(tag);

    /// <summary>
    /// Whether a tag in a template means what this dictionary says: in EMV's own templates always; elsewhere when its class is "application", which is
    /// the same everywhere (ISO/IEC 7816-4 §5.2.2.1).
    /// </summary>
    /// <param name="template">The template that it is in; null for a data grouping.</param>
    /// <param name="tag">The tag.</param>
    public static bool Defines(BerTag? template, BerTag tag) =>
        template is null || Templates.Contains(template.Value.Value) || tag.Value >> (8 * (tag.EncodedLength - 1) + 6) == 0b01;
}
