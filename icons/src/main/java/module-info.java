/** The icons of the product. */
module org.viridian.icons {
    exports org.viridian.icons;
}
